// The checksum is ready again nine cycles after a byte, whatever came before.
module checksum (
    input logic clk,
    input logic init,
    input logic flush,
    input logic valid,
    input logic [7:0] data
);
  logic ready;
  logic [31:0] state;
  logic [3:0] busy = 4'd0;
  crc32 dut (
      .clk,
      .init,
      .flush,
      .data,
      .valid,
      .ready,
      .state
  );
  always_ff @(posedge clk) begin
    busy <= ready ? 4'd0 : busy + 1'b1;
    assert (busy <= 4'd8);
    assert (dut.left <= 4'd8);
    assert (ready || busy + dut.left == 4'd8);
  end
endmodule
