// The bytes of an answer, one by one: header, then payload. Numbers are little-endian.
module answer
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
    parameter int MAX_TAPS = 64
) (
    input  logic    [ 9:0] at,             // which byte of the header, or of the payload
    input  logic           in_payload,
    input  logic    [ 9:0] answer_length,
    input  logic    [ 7:0] kind,
    input  logic    [ 7:0] seq,
    input  logic           refused,
    input  reason_t        reason,
    input  logic    [31:0] unit,
    input  unit_t          doing,
    input  logic           overflow,
    input  logic    [31:0] done,
    input  logic    [31:0] config_sum,
    input  logic    [15:0] config_addr,
    input  logic    [ 6:0] config_words,
    input  logic    [31:0] boots,
    input  logic    [ 6:0] row,
    input  logic    [ 7:0] request_byte,
    output logic    [15:0] hist_addr,
    input  logic    [31:0] hist_data,
    output logic    [ 7:0] data
);
  // Unit, row and number of bins come before the counts.
  wire [9:0] counts_at = at - 10'd8;
  assign hist_addr = 16'({row, counts_at[2+:$clog2(BINS)]});
  wire unused = &{1'b0, counts_at};

  logic [7:0] header;
  logic [31:0] hello, status, word;

  always_comb begin
    case (at[2:0])
      3'd0: header = PROTOCOL;
      3'd1: header = refused ? 8'hFF : kind | 8'h80;
      3'd2: header = seq;
      3'd4: header = answer_length[7:0];
      3'd5: header = {6'd0, answer_length[9:8]};
      default: header = 8'd0;
    endcase
    case (at[4:2])
      3'd0: hello = {"T", "W", "C", "P"};
      3'd1: hello = {FLAGS, 8'(LANES), 8'(NUMERICS), PROTOCOL};
      3'd2: hello = CLOCK_HZ;
      3'd3: hello = BUILD;
      3'd4: hello = {16'(MAX_ROWS), 16'(MAX_N)};
      3'd5: hello = {16'(MAX_TAPS), 16'(BINS)};
      3'd6: hello = config_sum;
      default: hello = boots;
    endcase
    case (at[3:2])
      2'd0: status = unit;
      2'd1: status = {16'd0, 7'd0, overflow, 5'd0, doing};
      2'd2: status = done;
      default: status = config_sum;
    endcase
    // The answer to RUN is the beginning of the one to STATUS.
    if (refused) word = {16'd0, kind, reason};
    else
      case (kind)
        HELLO: word = hello;
        CONFIG: word = at[2] ? config_sum : {9'd0, config_words, config_addr};
        RESULT:
        if (at < 10'd4) word = unit;
        else if (at < 10'd8) word = {16'(BINS), 9'd0, row};
        else word = hist_data;
        default: word = status;
      endcase
    if (!in_payload) data = header;
    else if (kind == SELFTEST && !refused) data = ~request_byte;
    else data = 8'(word >> {at[1:0], 3'd0});
  end
endmodule
