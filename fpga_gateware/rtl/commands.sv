// Reads requests from the buffer, does them, and writes the answers; see ../README.md.
//
// One request at a time, from its frame to the last byte of its answer, byte by byte. Whatever is
// asked for ends: nothing here waits for the host, and a core that doesn't stop is reset.
module commands
  import protocol::*;
#(
    parameter int LANES = 2,
    parameter int CLOCK_HZ = 54_000_000,
    parameter logic [31:0] BUILD = 32'd0,
    parameter logic [7:0] FLAGS = 8'd0,
    parameter int NUMERICS = 1,
    parameter int MAX_N = 1024,
    parameter int MAX_ROWS = 40,
    parameter int BINS = 128,  // a power of two
    parameter int MAX_TAPS = 64,
    parameter int PATIENCE = 65535  // cycles that the core may take to stop
) (
    input  logic        clk,
    input  logic        rst,
    // requests
    input  logic        frame,
    input  logic [ 8:0] frame_length,
    output logic        hold,          // the buffer is in use
    output logic [ 8:0] r_addr,
    input  logic [ 7:0] r_data,        // two cycles after its address
    // answers
    output logic        begin_frame,
    output logic [ 7:0] push_data,
    output logic        push,
    input  logic        push_ready,
    output logic        finish,
    input  logic        tx_busy,
    // core
    output logic        cfg_we,
    output logic [15:0] cfg_addr,
    output logic [31:0] cfg_data,
    output logic        run,
    output logic        abort,
    output logic        core_rst,
    output logic [63:0] seed,
    output logic [31:0] first,
    output logic [31:0] count,
    input  logic        busy,
    input  logic [31:0] done,
    input  logic        overflow,
    output logic [15:0] hist_addr,
    input  logic [31:0] hist_data
);
  typedef enum logic [3:0] {
    WAIT,
    HEADER,
    JUDGE,
    ARGUMENTS,
    DECIDE,
    PARAMETERS,
    WORDS,
    CHECKSUM,
    STOPPING,
    ANSWER,
    SENDING
  } state_t;

  state_t state;
  unit_t doing;

  // -- the request ------------------------------------------------------------------------

  logic [1:0] pause;  // until r_data is of r_addr
  logic [7:0] version, kind, seq, reserved;
  logic [15:0] length;
  logic [8:0] total;  // bytes of header and payload that came
  logic [47:0] arguments;  // the first bytes of the payload, the last one on top
  logic [7:0] left;  // bytes that are still to be read, or words
  logic refused;
  reason_t reason;

  // -- the unit ---------------------------------------------------------------------------

  logic [31:0] unit;
  logic [159:0] parameters;  // as they come: unit, seed, first, count
  assign {count, first, seed, unit} = parameters;
  logic configured;
  logic stop;  // an abort was asked for
  logic [15:0] patience;
  logic [1:0] settling;  // cycles in which busy needn't have risen
  // Clock cycles from reset to the first good frame: another reset, another number.
  logic [31:0] boots = 32'd1;
  logic greeted;

  // -- the checksum of the configuration ----------------------------------------------------

  logic [31:0] config_state, earlier;  // now, and before the last CONFIG
  logic [15:0] last_addr;
  logic any_config;  // since CONFIG_BEGIN
  logic crc_load, crc_valid, crc_ready;
  logic [31:0] crc_from;
  logic [47:0] word;  // address and data, low byte first
  logic [2:0] word_left;
  crc32 config_crc (
      .clk,
      .load(crc_load),
      .from(crc_from),
      .data(word[7:0]),
      .valid(crc_valid),
      .ready(crc_ready),
      .state(config_state)
  );

  // -- the answer -------------------------------------------------------------------------

  logic [9:0] at;  // byte of the answer's payload, or of its header
  logic in_payload;
  logic [9:0] answer_length;
  logic [6:0] row;
  wire [6:0] words_of_config = 7'((length - 16'd2) >> 2);
  wire running = doing == RUNNING;
  answer #(
      .LANES(LANES),
      .CLOCK_HZ(CLOCK_HZ),
      .BUILD(BUILD),
      .FLAGS(FLAGS),
      .NUMERICS(NUMERICS),
      .MAX_N(MAX_N),
      .MAX_ROWS(MAX_ROWS),
      .BINS(BINS),
      .MAX_TAPS(MAX_TAPS)
  ) answer_bytes (
      .at,
      .in_payload,
      .answer_length,
      .kind,
      .seq,
      .refused,
      .reason,
      .unit,
      .doing,
      .overflow,
      .done,
      .config_sum(~config_state),
      .config_addr(last_addr),
      .config_words(words_of_config),
      .boots,
      .row,
      .request_byte(r_data),
      .hist_addr,
      .hist_data,
      .data(push_data)
  );

  // -- doing it ---------------------------------------------------------------------------

  task automatic refuse(input reason_t why);
    refused <= 1'b1;
    reason  <= why;
    reply(10'd2);
  endtask

  task automatic reply(input logic [9:0] bytes);
    state <= ANSWER;
    answer_length <= bytes;
    at <= 10'd0;
    in_payload <= 1'b0;
    begin_frame <= 1'b1;
    r_addr <= 9'd6;
    pause <= 2'd2;
  endtask

  task automatic read(input state_t next, input logic [8:0] from, input logic [7:0] bytes);
    state  <= next;
    r_addr <= from;
    left   <= bytes;
    pause  <= 2'd2;
  endtask

  always_ff @(posedge clk) begin
    begin_frame <= 1'b0;
    push <= 1'b0;
    finish <= 1'b0;
    cfg_we <= 1'b0;
    run <= 1'b0;
    abort <= 1'b0;
    core_rst <= 1'b0;
    crc_load <= 1'b0;
    crc_valid <= 1'b0;
    if (!greeted) boots <= boots + 1'b1;
    if (rst) begin
      state <= WAIT;
      doing <= NONE;
      hold <= 1'b0;
      boots <= 32'd1;
      greeted <= 1'b0;
      configured <= 1'b0;
      any_config <= 1'b0;
      parameters <= '0;
      crc_load <= 1'b1;
      crc_from <= 32'hFFFF_FFFF;
      core_rst <= 1'b1;
      settling <= 2'd0;
      stop <= 1'b0;
    end else begin
      watch();
      if (pause != 0) pause <= pause - 1'b1;
      else step();
    end
  end

  // What becomes of the unit, whatever is asked for meanwhile.
  task automatic watch();
    if (settling != 0) settling <= settling - 1'b1;
    else if (doing == RUNNING) begin
      if (!busy) begin
        doing <= stop ? ABORTED : done == count ? DONE : FAILED;
        stop  <= 1'b0;
      end else if (stop) begin
        patience <= patience - 1'b1;
        if (patience == 0) begin
          core_rst <= 1'b1;
          doing <= FAILED;
          stop <= 1'b0;
        end
      end
    end
  endtask

  task automatic step();
    case (state)
      WAIT: begin
        hold <= frame;
        refused <= 1'b0;
        total <= frame_length;
        if (frame) begin
          greeted <= 1'b1;
          read(HEADER, 9'd0, 8'd6);
        end
      end
      HEADER:
      if (left != 0) begin
        {length, reserved, seq, kind, version} <= {r_data, length, reserved, seq, kind};
        next_byte();
      end else state <= JUDGE;
      JUDGE: judge();
      ARGUMENTS:
      if (left != 0) begin
        arguments <= {r_data, arguments[47:8]};
        next_byte();
      end else state <= DECIDE;
      DECIDE: decide();
      PARAMETERS:
      if (left != 0) begin
        parameters <= {r_data, parameters[159:8]};
        next_byte();
      end else if (count == 0) begin
        doing <= NONE;
        refuse(MALFORMED);
      end else begin
        doing <= RUNNING;
        run <= 1'b1;
        settling <= 2'd3;
        reply(10'd5);
      end
      WORDS: words();
      CHECKSUM: checksum();
      STOPPING: if (doing != RUNNING) reply(10'd16);
      ANSWER:
      if (push_ready && !push && !begin_frame) begin
        if (in_payload && at == answer_length) begin
          finish <= 1'b1;
          state  <= SENDING;
        end else push <= 1'b1;
      end
      default: if (!tx_busy && !finish) state <= WAIT;
    endcase
    // The byte that is pushed is chosen by `at`, which stays until it was taken.
    if (push) begin
      pause <= 2'd2;
      if (in_payload) begin
        at <= at + 1'b1;
        r_addr <= r_addr + 1'b1;
      end else begin
        at <= at == 10'd5 ? 10'd0 : at + 1'b1;
        in_payload <= at == 10'd5;
      end
    end
  endtask

  task automatic next_byte();
    left   <= left - 1'b1;
    r_addr <= r_addr + 1'b1;
    pause  <= 2'd2;
  endtask

  wire whole = 16'(total) == length + 16'd6;

  task automatic judge();
    if (version != PROTOCOL) refuse(OTHER_PROTOCOL);
    else if (!whole || reserved != 0) refuse(MALFORMED);
    else
      case (kind)
        HELLO: empty(10'd32);
        STATUS: empty(10'd16);
        ABORT:
        if (length != 0) refuse(MALFORMED);
        else begin
          if (running && !stop) begin
            abort <= 1'b1;
            stop <= 1'b1;
            patience <= 16'(PATIENCE);
          end
          state <= STOPPING;
          pause <= 2'd2;
        end
        CONFIG_BEGIN:
        if (length != 0) refuse(MALFORMED);
        else if (running) refuse(BUSY);
        else begin
          doing <= NONE;
          any_config <= 1'b0;
          crc_load <= 1'b1;
          crc_from <= 32'hFFFF_FFFF;
          reply(10'd0);
        end
        CONFIG:
        if (length < 16'd6 || length > 16'd258 || length[1:0] != 2'd2) refuse(MALFORMED);
        else if (running) refuse(BUSY);
        else read(ARGUMENTS, 9'd6, 8'd2);
        RUN:
        if (length != 16'd20) refuse(MALFORMED);
        else read(ARGUMENTS, 9'd6, 8'd4);
        RESULT:
        if (length != 16'd6) refuse(MALFORMED);
        else read(ARGUMENTS, 9'd6, 8'd6);
        SELFTEST:
        if (length > 16'd258) refuse(MALFORMED);
        else reply(length[9:0]);
        default: refuse(UNKNOWN);
      endcase
  endtask

  task automatic empty(input logic [9:0] bytes);
    if (length != 0) refuse(MALFORMED);
    else reply(bytes);
  endtask

  task automatic decide();
    case (kind)
      RUN:
      if (doing != NONE && unit == arguments[47:16]) reply(10'd5);
      else if (running) refuse(BUSY);
      else if (!configured) refuse(UNCONFIGURED);
      else read(PARAMETERS, 9'd6, 8'd20);
      RESULT: begin
        row <= arguments[38:32];
        if (running) refuse(BUSY);
        else if (doing != DONE || unit != arguments[31:0]) refuse(NO_UNIT);
        else if (arguments[47:32] >= 16'(MAX_ROWS)) refuse(NO_ROW);
        else reply(10'(8 + 4 * BINS));
      end
      default: begin
        // A CONFIG to the same address as the last one takes its place.
        doing <= NONE;
        configured <= 1'b1;
        any_config <= 1'b1;
        last_addr <= arguments[47:32];
        cfg_addr <= arguments[47:32];
        crc_load <= 1'b1;
        if (any_config && last_addr == arguments[47:32]) crc_from <= earlier;
        else begin
          crc_from <= config_state;
          earlier   <= config_state;
        end
        read(WORDS, 9'd8, 8'(length - 16'd2));
      end
    endcase
  endtask

  // Four bytes of a word, then its checksum, and so on.
  task automatic words();
    if (left == 0) reply(10'd8);
    else begin
      cfg_data <= {r_data, cfg_data[31:8]};
      next_byte();
      if (left[1:0] == 2'd1) begin
        state <= CHECKSUM;
        word_left <= 3'd7;
      end
    end
  endtask

  task automatic checksum();
    if (word_left == 3'd7) begin
      cfg_we <= 1'b1;
      word <= {cfg_data, cfg_addr};
      word_left <= 3'd6;
    end else if (crc_ready && !crc_valid) begin
      if (word_left == 0) begin
        cfg_addr <= cfg_addr + 1'b1;
        state <= WORDS;
      end else crc_valid <= 1'b1;
    end else if (crc_valid) begin
      word <= {8'd0, word[47:8]};
      word_left <= word_left - 1'b1;
    end
  endtask
endmodule
