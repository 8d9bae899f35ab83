// CRC-32 of IEEE 802.3 (reflected polynomial EDB88320), one bit a clock: nine clocks a byte, of
// which a byte on the line takes hundreds.
//
// `state` begins with all ones; the CRC is its complement. After a message and its CRC, low byte
// first, it is DEBB20E3. With `flush` a byte goes out instead of in: the next one is then lowest.
module crc32 (
    input  logic        clk,
    input  logic        init,
    input  logic        flush,
    input  logic [ 7:0] data,
    input  logic        valid,
    output logic        ready,  // a byte is done in a cycle where valid and ready are high
    output logic [31:0] state
);
  logic [3:0] left = 4'd0;
  logic feedback;

  assign ready = left == 0;

  always_ff @(posedge clk) begin
    if (init) begin
      state <= 32'hFFFF_FFFF;
      left  <= 4'd0;
    end else if (left != 0) begin
      state <= {1'b0, state[31:1]} ^ (state[0] && feedback ? 32'hEDB8_8320 : 32'd0);
      left  <= left - 1'b1;
    end else if (valid) begin
      if (!flush) state[7:0] <= state[7:0] ^ data;
      feedback <= !flush;
      left <= 4'd8;
    end
  end

`ifdef FORMAL
  // Ready again nine cycles after a byte, whatever came before.
  logic [3:0] busy = 4'd0;
  always_ff @(posedge clk) begin
    busy <= ready || init ? 4'd0 : busy + 1'b1;
    assert (left <= 4'd8);
    assert (ready || busy + left == 4'd8);
  end
`endif
endmodule
