// Whatever was on the line: when it has been high for eleven bits the receiver waits for a byte,
// and it says `valid` or `bad` once for each stop bit at most.
module receiver (
    input logic clk,
    input logic rxd
);
  localparam int DIV = 4, CALM = 11 * DIV + 4;
  logic valid, bad, idle;
  logic [7:0] data;
  logic [6:0] high = 7'd0;
  uart_rx #(
      .DIV(DIV)
  ) dut (
      .clk,
      .rst(1'b0),
      .rxd,
      .data,
      .valid,
      .bad
  );
  assign idle = dut.state == 2'd1;
  always_ff @(posedge clk) begin
    high <= rxd ? (high == 7'(CALM) ? high : high + 1'b1) : 7'd0;
    assert (high != 7'(CALM) || idle);
    assert (!(valid && bad));
  end
endmodule
