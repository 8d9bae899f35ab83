// A byte that the transmitter sends is the byte that the receiver gets, and nothing else comes.
module loop (
    input logic clk,
    input logic valid_in,
    input logic [7:0] data_in
);
  localparam int DIV = 4;
  logic rst = 1'b1;
  logic [1:0] start = 2'd0;
  logic ready, line, valid, bad;
  logic [7:0] data, sent = 8'd0;
  logic [1:0] owed = 2'd0;
  uart_tx #(
      .DIV(DIV)
  ) tx (
      .clk,
      .rst,
      .data(data_in),
      .valid(valid_in && owed == 0),
      .ready,
      .txd(line)
  );
  uart_rx #(
      .DIV(DIV)
  ) rx (
      .clk,
      .rst,
      .rxd(line),
      .data,
      .valid,
      .bad
  );
  always_ff @(posedge clk) begin
    start <= start == 2'd3 ? start : start + 1'b1;
    rst   <= start != 2'd3;
    if (!rst && valid_in && ready && owed == 0) begin
      sent <= data_in;
      owed <= 2'd1;
    end
    if (!rst && valid) begin
      assert (owed == 2'd1 && data == sent);
      owed <= 2'd0;
    end
    if (start == 2'd3 && !rst) assert (!bad);
  end
endmodule
