// The chip's pins: clock, one button, the serial line, six lights.
module top #(
    parameter int LANES = 2,
    parameter int CLOCK_HZ = 54_000_000,
    parameter int FBDIV = 1,
    parameter int IDIV = 0,
    parameter int ODIV = 16,
    parameter int UART_DIV = 54,  // clocks a bit
    parameter logic [31:0] BUILD = 32'd0,
    parameter logic [7:0] FLAGS = 8'd0
) (
    input  logic       clk27,
    input  logic       button_n,
    input  logic       uart_rxd,
    output logic       uart_txd,
    output logic [5:0] led_n
);
  logic clk, locked;
  clock #(
      .FBDIV(FBDIV),
      .IDIV (IDIV),
      .ODIV (ODIV)
  ) clocks (
      .clk27,
      .clk,
      .locked
  );

  // Reset until the clock is steady and the button was up for 128 clocks.
  logic [1:0] calm = 2'b00;
  logic [7:0] steady = 8'd0;
  logic rst = 1'b1;
  always_ff @(posedge clk) begin
    calm <= {calm[0], locked && button_n};
    if (!calm[1]) steady <= 8'd0;
    else if (!steady[7]) steady <= steady + 1'b1;
    rst <= !steady[7];
  end

  logic [7:0] rx_data, tx_data;
  logic rx_valid, rx_bad, tx_valid, tx_ready;
  uart_rx #(
      .DIV(UART_DIV)
  ) receiver (
      .clk,
      .rst,
      .rxd(uart_rxd),
      .data(rx_data),
      .valid(rx_valid),
      .bad(rx_bad)
  );
  uart_tx #(
      .DIV(UART_DIV)
  ) transmitter (
      .clk,
      .rst,
      .data(tx_data),
      .valid(tx_valid),
      .ready(tx_ready),
      .txd(uart_txd)
  );

  logic working, answering, damaged;
  shell #(
      .LANES(LANES),
      .CLOCK_HZ(CLOCK_HZ),
      .BUILD(BUILD),
      .FLAGS(FLAGS)
  ) shell (
      .clk,
      .rst,
      .rx_data,
      .rx_valid,
      .rx_bad,
      .tx_data,
      .tx_valid,
      .tx_ready,
      .working,
      .answering,
      .damaged
  );

  // A light that is on once stays on for a while; the first one blinks six times a second.
  logic [22:0] beat = '0;
  logic heard, sent, wrong;
  always_ff @(posedge clk) begin
    beat <= beat + 1'b1;
    if (rst || beat[19:0] == 0) {heard, sent, wrong} <= 3'b000;
    if (rx_valid) heard <= 1'b1;
    if (answering) sent <= 1'b1;
    if (damaged) wrong <= 1'b1;
  end
  assign led_n = ~{wrong, sent, heard, working, locked, beat[22]};
endmodule
