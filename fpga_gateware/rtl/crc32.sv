// CRC-32 of IEEE 802.3 (reflected polynomial EDB88320), one bit a clock: nine clocks a byte, of
// which a byte on the line takes hundreds.
//
// `state` begins with all ones; the CRC is its complement. After a message and its CRC, low byte
// first, it is DEBB20E3.
module crc32 (
    input  logic        clk,
    input  logic        load,   // take `from` as the state
    input  logic [31:0] from,
    input  logic [ 7:0] data,
    input  logic        valid,
    output logic        ready,  // data is taken in a cycle where valid and ready are high
    output logic [31:0] state
);
  logic [3:0] left = 4'd0;

  assign ready = left == 0;

  always_ff @(posedge clk) begin
    if (load) begin
      state <= from;
      left  <= 4'd0;
    end else if (left != 0) begin
      state <= {1'b0, state[31:1]} ^ (state[0] ? 32'hEDB8_8320 : 32'd0);
      left  <= left - 1'b1;
    end else if (valid) begin
      state[7:0] <= state[7:0] ^ data;
      left <= 4'd8;
    end
  end
endmodule
