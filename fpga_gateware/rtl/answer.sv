// What an answer consists of, four bytes at a time; numbers are little-endian.
//
// `at` counts the bytes of the payload; the header has the six before 0.
module answer #(
    parameter int BINS = 128  // a power of two
) (
    input  logic [ 9:0] at,
    input  logic [ 9:0] answer_length,
    input  logic [ 7:0] kind,
    input  logic [ 7:0] seq,
    input  logic        refused,
    input  logic [ 7:0] reason,
    input  logic [31:0] unit,
    input  logic [ 2:0] doing,
    input  logic        overflow,
    input  logic [31:0] done,
    input  logic [31:0] config_sum,
    input  logic [15:0] config_addr,
    input  logic [ 6:0] config_words,
    input  logic [31:0] boots,
    input  logic [ 6:0] row,
    output logic [15:0] hist_addr,
    input  logic [31:0] hist_data,
    output logic        stored,         // the byte is one of the buffer's, not of the word
    output logic [31:0] word
);
  // Unit, row and number of bins come before the counts.
  wire [9:0] counts_at = at - 10'd8;
  assign hist_addr = 16'({row, counts_at[2+:$clog2(BINS)]});
  wire unused = &{1'b0, counts_at};

  wire in_header = &at[9:3];
  wire hello = kind == protocol::HELLO;
  wire config_ = kind == protocol::CONFIG;
  wire result = kind == protocol::RESULT;
  assign stored = !in_header && !refused && (kind == protocol::SELFTEST || (hello && at < 10'd24));

  // One bit a source, so that a bit of the word is a sum of products.
  wire plain = !in_header && !refused;
  wire counts = plain && result && at >= 10'd8;
  wire other = plain && !hello && !config_ && !counts;
  wire [7:0] take = {
    counts,
    plain && hello && at[2],
    (plain && hello && !at[2]) || (plain && config_ && at[2]) || (other && at[3:2] == 2'd3),
    other && at[3:2] == 2'd2,
    (other && at[3:2] == 2'd0),
    other && at[3:2] == 2'd1,
    plain && config_ && !at[2],
    in_header || refused
  };
  logic [31:0] fixed;
  always_comb begin
    // The header's bytes 0 and 1 are the upper half of a word.
    if (in_header && !at[2]) fixed = {refused ? 8'hFF : kind | 8'h80, protocol::PROTOCOL, 16'd0};
    else if (in_header) fixed = {6'd0, answer_length, 8'd0, seq};
    else fixed = {16'd0, kind, reason};
    word = 32'd0;
    if (take[0]) word = word | fixed;
    if (take[1]) word = word | {9'd0, config_words, config_addr};
    // The answer to RUN is the beginning of the one to STATUS.
    if (take[2])
      word = word | (result ? {16'(BINS), 9'd0, row} : {16'd0, 7'd0, overflow, 5'd0, doing});
    if (take[3]) word = word | unit;
    if (take[4]) word = word | done;
    if (take[5]) word = word | config_sum;
    if (take[6]) word = word | boots;
    if (take[7]) word = word | hist_data;
  end
endmodule
