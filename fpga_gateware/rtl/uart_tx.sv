// Serial transmitter, 8N1, least significant bit first, DIV clocks a bit.
module uart_tx #(
    parameter int DIV = 54
) (
    input  logic       clk,
    input  logic       rst,
    input  logic [7:0] data,
    input  logic       valid,
    output logic       ready,  // data is taken in a cycle where valid and ready are high
    output logic       txd
);
  localparam int W = $clog2(DIV) + 1;
  localparam logic [W-1:0] WHOLE = W'(DIV - 1);

  logic [8:0] bits;  // what follows the bit on the line
  logic [3:0] left;  // bits that aren't over
  logic [W-1:0] wait_for;

  assign ready = left == 0;

  always_ff @(posedge clk) begin
    if (rst) begin
      left <= 4'd0;
      txd  <= 1'b1;
    end else if (left == 0) begin
      if (valid) begin
        {bits, txd} <= {1'b1, data, 1'b0};
        left <= 4'd10;
        wait_for <= WHOLE;
      end
    end else if (wait_for != 0) wait_for <= wait_for - 1'b1;
    else begin
      {bits, txd} <= {1'b1, bits};
      left <= left - 1'b1;
      wait_for <= WHOLE;
    end
  end
endmodule
