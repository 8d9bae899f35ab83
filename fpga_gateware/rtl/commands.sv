// Reads requests from the buffer, does them, and writes the answers; see ../README.md.
//
// One request at a time, from its frame to the last byte of its answer, byte by byte. Whatever is
// asked for ends: nothing here waits for the host, and a core that doesn't stop is reset.
module commands #(
    parameter int MAX_ROWS = 40,
    parameter int BINS = 128,  // a power of two
    parameter int PATIENCE = 13  // powers of two of cycles that the core may take to stop
) (
    input  logic        clk,
    input  logic        rst,
    // requests
    input  logic        frame,
    input  logic [ 8:0] frame_length,  // of header and payload
    output logic        hold,          // the buffer is in use
    output logic [ 9:0] r_addr,
    input  logic [ 7:0] r_data,        // three cycles after its address
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
    ADDRESS,
    STOPPING,
    ANSWER,
    SENDING
  } state_t;

  state_t state;
  protocol::unit_t doing;
  wire running = doing == protocol::RUNNING;

  // -- the request ------------------------------------------------------------------------

  logic [1:0] pause;  // until r_data is of r_addr
  logic [7:0] protocol_version, kind, seq, reserved;
  logic [15:0] length;
  logic [8:0] came;  // bytes of header and payload
  logic [47:0] arguments;  // the first six bytes of the payload, then a word on top
  assign cfg_data = arguments[47:16];
  logic [8:0] until_addr;  // where what is read ends
  wire read_all = r_addr[8:0] == until_addr;
  logic refused;
  protocol::reason_t reason;

  // -- the unit ---------------------------------------------------------------------------

  logic [31:0] unit;
  logic [159:0] parameters;  // as they come: unit, seed, first, count
  assign {count, first, seed, unit} = parameters;
  logic configured;
  logic stop;  // an abort was asked for
  logic [PATIENCE:0] patience;
  logic [1:0] settling;  // cycles in which busy needn't have risen
  // Goes on from reset to the first good frame: after another reset it is another number.
  logic [31:0] boots = 32'd1;
  logic greeted;

  // -- the checksum of the configuration ----------------------------------------------------

  logic [31:0] config_state;
  logic [15:0] last_addr;
  logic any_config;  // since CONFIG_BEGIN
  logic crc_init, crc_valid, crc_ready;
  logic [1:0] address_bytes;  // that are still to be added to the checksum
  logic [7:0] crc_data;
  crc32 config_crc (
      .clk,
      .init(crc_init),
      .flush(1'b0),
      .data(crc_data),
      .valid(crc_valid),
      .ready(crc_ready),
      .state(config_state)
  );

  // -- the answer -------------------------------------------------------------------------

  logic [9:0] at, answer_length;
  logic [31:0] word, rest;  // what the next bytes are, and what is left of it
  logic fresh;  // the next byte is the first of a word
  logic stored;
  logic [6:0] row;
  wire [6:0] config_words = 7'((length - 16'd2) >> 2);
  answer #(
      .BINS(BINS)
  ) parts (
      .at,
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
      .config_words,
      .boots,
      .row,
      .hist_addr,
      .hist_data,
      .stored,
      .word
  );
  // SELFTEST's bytes come back inverted.
  assign push_data = stored ? r_data ^ {8{kind[3]}} : rest[7:0];

  // -- doing it ---------------------------------------------------------------------------

  task automatic refuse(input protocol::reason_t why);
    refused <= 1'b1;
    reason  <= why;
    reply(10'd2);
  endtask

  task automatic reply(input logic [9:0] bytes);
    state <= ANSWER;
    answer_length <= bytes;
    at <= -10'd6;
    fresh <= 1'b1;
    begin_frame <= 1'b1;
    r_addr[8:0] <= 9'd6;
    pause <= 2'd3;
  endtask

  task automatic read(input state_t then, input logic [3:0] from, input logic [8:0] to);
    state <= then;
    r_addr <= 10'(from);
    until_addr <= to;
    pause <= 2'd3;
  endtask

  always_ff @(posedge clk) begin
    begin_frame <= 1'b0;
    push <= 1'b0;
    finish <= 1'b0;
    cfg_we <= 1'b0;
    run <= 1'b0;
    abort <= 1'b0;
    core_rst <= 1'b0;
    crc_init <= 1'b0;
    crc_valid <= 1'b0;
    if (cfg_we) cfg_addr <= cfg_addr + 1'b1;
    if (rst) begin
      state <= WAIT;
      doing <= protocol::NONE;
      hold <= 1'b0;
      boots <= 32'd1;
      greeted <= 1'b0;
      configured <= 1'b0;
      any_config <= 1'b0;
      crc_init <= 1'b1;
      core_rst <= 1'b1;
      settling <= 2'd0;
      stop <= 1'b0;
      pause <= 2'd0;
    end else begin
      if (!greeted) boots <= {1'b0, boots[31:1]} ^ (boots[0] ? 32'h8020_0003 : 32'd0);
      watch();
      if (pause != 0) pause <= pause - 1'b1;
      else step();
    end
  end

  // What becomes of the unit, whatever is asked for meanwhile.
  task automatic watch();
    if (!stop) patience <= '0;
    else patience <= patience + 1'b1;
    if (settling != 0) settling <= settling - 1'b1;
    else if (running) begin
      if (!busy) begin
        doing <= stop ? protocol::ABORTED : protocol::DONE;
        stop  <= 1'b0;
      end else if (patience[PATIENCE]) begin
        core_rst <= 1'b1;
        doing <= protocol::FAILED;
        stop <= 1'b0;
      end
    end
  endtask

  task automatic step();
    case (state)
      WAIT: begin
        hold <= frame;
        refused <= 1'b0;
        came <= frame_length;
        if (frame) begin
          greeted <= 1'b1;
          read(HEADER, 4'd0, 9'd6);
        end
      end
      HEADER:
      if (!read_all) begin
        {length, reserved, seq, kind, protocol_version} <= {r_data, length, reserved, seq, kind};
        next_byte();
      end else state <= JUDGE;
      JUDGE: judge();
      ARGUMENTS:
      if (!read_all) begin
        arguments <= {r_data, arguments[47:8]};
        next_byte();
      end else state <= DECIDE;
      DECIDE: decide();
      PARAMETERS:
      if (!read_all) begin
        parameters <= {r_data, parameters[159:8]};
        next_byte();
      end else if (count == 0) begin
        doing <= protocol::NONE;
        refuse(protocol::MALFORMED);
      end else begin
        doing <= protocol::RUNNING;
        stop <= 1'b0;
        run <= 1'b1;
        settling <= 2'd3;
        reply(10'd5);
      end
      ADDRESS: address();
      WORDS: words();
      STOPPING: if (!running) reply(10'd16);
      ANSWER: send();
      default: if (!tx_busy && !finish) state <= WAIT;
    endcase
  endtask

  task automatic next_byte();
    r_addr <= r_addr + 1'b1;
    pause  <= 2'd3;
  endtask

  task automatic send();
    if (push) begin
      at <= at + 1'b1;
      fresh <= at[1:0] == 2'd3;
      rest <= {8'd0, rest[31:8]};
      if (stored) r_addr <= r_addr + 1'b1;
      pause <= 2'd3;
    end else if (push_ready) begin
      fresh <= 1'b0;
      if (at == answer_length) begin
        finish <= 1'b1;
        state  <= SENDING;
      end else if (fresh) rest <= at[9:2] == 8'hFE ? {16'd0, word[31:16]} : word;
      else push <= 1'b1;
    end
  endtask

  wire empty = length[8:0] == 0;
  wire good = 16'(came) == length + 16'd6 && reserved == 0;

  task automatic judge();
    r_addr[9] <= kind == protocol::HELLO;
    if (protocol_version != protocol::PROTOCOL) refuse(protocol::OTHER_PROTOCOL);
    else if (!good) refuse(protocol::MALFORMED);
    else
      case (kind)
        protocol::HELLO: if (empty) reply(10'd32); else refuse(protocol::MALFORMED);
        protocol::STATUS: if (empty) reply(10'd16); else refuse(protocol::MALFORMED);
        protocol::ABORT:
        if (empty) begin
          abort <= running;
          stop  <= running;
          state <= STOPPING;
          pause <= 2'd2;
        end else refuse(protocol::MALFORMED);
        protocol::CONFIG_BEGIN:
        if (!empty) refuse(protocol::MALFORMED);
        else if (running) refuse(protocol::BUSY);
        else begin
          doing <= protocol::NONE;
          any_config <= 1'b0;
          crc_init <= 1'b1;
          reply(10'd0);
        end
        protocol::CONFIG:
        if (length[1:0] != 2'd2 || length[8:2] == 0) refuse(protocol::MALFORMED);
        else if (running) refuse(protocol::BUSY);
        else read(ARGUMENTS, 4'd6, 9'd12);
        protocol::RUN:
        if (length[8:0] != 9'd20) refuse(protocol::MALFORMED);
        else read(ARGUMENTS, 4'd6, 9'd12);
        protocol::RESULT:
        if (length[8:0] != 9'd6) refuse(protocol::MALFORMED);
        else read(ARGUMENTS, 4'd6, 9'd12);
        protocol::SELFTEST: reply(length[9:0]);
        default: refuse(protocol::UNKNOWN);
      endcase
  endtask

  wire same_unit = unit == arguments[31:0];
  wire again = any_config && last_addr == arguments[15:0];

  task automatic decide();
    row <= arguments[38:32];
    case (kind)
      protocol::RUN:
      if (doing != protocol::NONE && same_unit) reply(10'd5);
      else if (running) refuse(protocol::BUSY);
      else if (!configured) refuse(protocol::UNCONFIGURED);
      else read(PARAMETERS, 4'd6, 9'd26);
      protocol::RESULT:
      if (running) refuse(protocol::BUSY);
      else if (doing != protocol::DONE || !same_unit) refuse(protocol::NO_UNIT);
      else if (arguments[47:32] >= 16'(MAX_ROWS)) refuse(protocol::NO_ROW);
      else reply(10'(8 + 4 * BINS));
      default: begin
        // A CONFIG to the same address as the last one is the last one.
        doing <= protocol::NONE;
        configured <= 1'b1;
        any_config <= 1'b1;
        last_addr <= arguments[15:0];
        cfg_addr <= arguments[15:0];
        address_bytes <= 2'd2;
        if (again) reply(10'd8);
        else read(ADDRESS, 4'd8, came);
      end
    endcase
  endtask

  // Each word's address and its bytes go into the checksum, low bytes first.
  task automatic address();
    if (read_all) reply(10'd8);
    else if (crc_ready && !crc_valid) begin
      crc_data <= address_bytes[1] ? cfg_addr[7:0] : cfg_addr[15:8];
      crc_valid <= 1'b1;
      address_bytes <= address_bytes - 1'b1;
      if (address_bytes == 2'd1) state <= WORDS;
    end
  endtask

  task automatic words();
    if (crc_ready && !crc_valid) begin
      crc_data  <= r_data;
      crc_valid <= 1'b1;
      arguments <= {r_data, arguments[47:8]};
      next_byte();
      if (r_addr[1:0] == 2'd3) begin
        cfg_we <= 1'b1;
        address_bytes <= 2'd2;
        state <= ADDRESS;
      end
    end
  endtask
endmodule
