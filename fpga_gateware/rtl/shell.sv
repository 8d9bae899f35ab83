// Everything between the serial line's bytes and the core: frames in, commands, frames out.
module shell #(
    parameter int LANES = 2,
    parameter int CLOCK_HZ = 54_000_000,
    parameter logic [31:0] BUILD = 32'd0,
    parameter logic [7:0] FLAGS = 8'd0,
    parameter int PATIENCE = 13
) (
    input  logic       clk,
    input  logic       rst,
    input  logic [7:0] rx_data,
    input  logic       rx_valid,
    input  logic       rx_bad,
    output logic [7:0] tx_data,
    output logic       tx_valid,
    input  logic       tx_ready,
    output logic       working,   // a unit is being computed
    output logic       answering,
    output logic       damaged    // one cycle: a frame came that isn't good
);
  logic hold, frame;
  logic [8:0] frame_length;
  logic rx_we, tx_we;
  logic [8:0] rx_addr;
  logic [9:0] request_addr;
  logic [9:0] tx_w_addr, tx_r_addr;
  logic [7:0] rx_byte, tx_byte, r_data;
  logic tx_busy, begin_frame, push, push_ready, finish;
  logic [7:0] push_data;

  frame_rx rx (
      .clk,
      .rst,
      .data(rx_data),
      .valid(rx_valid),
      .bad(rx_bad),
      .hold,
      .we(rx_we),
      .w_addr(rx_addr),
      .w_data(rx_byte),
      .frame,
      .length(frame_length),
      .damaged
  );

  frame_tx tx (
      .clk,
      .rst,
      .begin_frame,
      .push_data,
      .push,
      .push_ready,
      .finish,
      .busy(tx_busy),
      .we(tx_we),
      .w_addr(tx_w_addr),
      .w_data(tx_byte),
      .r_addr(tx_r_addr),
      .r_data,
      .data(tx_data),
      .valid(tx_valid),
      .ready(tx_ready)
  );

  // The request is read and the answer written first, then the answer is read.
  // Every part has its size by its declaration, which Verilator 5.006 doesn't see.
  /* verilator lint_off WIDTHCONCAT */
  localparam logic [191:0] HELLO = {
    {16'(version::MAX_TAPS), 16'(version::BINS)},
    {16'(version::MAX_ROWS), 16'(version::MAX_N)},
    BUILD,
    CLOCK_HZ,
    {FLAGS, 8'(LANES), 8'(version::NUMERICS), protocol::PROTOCOL},
    "TWCP"
  };
  /* verilator lint_on WIDTHCONCAT */
  frame_buffer #(
      .HELLO(HELLO)
  ) buffer (
      .clk,
      .we(rx_we || tx_we),
      .w_addr(hold ? {1'b1, tx_w_addr} : {2'b00, rx_addr}),
      .w_data(hold ? tx_byte : rx_byte),
      .r_addr(tx_busy ? {1'b1, tx_r_addr} : {1'b0, request_addr}),
      .r_data
  );

  logic cfg_we, run, abort, core_rst, busy, overflow;
  logic [15:0] cfg_addr, hist_addr;
  logic [31:0] cfg_data, first, count, done, hist_data;
  logic [63:0] seed;

  commands #(
      .MAX_ROWS(version::MAX_ROWS),
      .BINS(version::BINS),
      .PATIENCE(PATIENCE)
  ) commands (
      .clk,
      .rst,
      .frame,
      .frame_length,
      .hold,
      .r_addr(request_addr),
      .r_data,
      .begin_frame,
      .push_data,
      .push,
      .push_ready,
      .finish,
      .tx_busy,
      .cfg_we,
      .cfg_addr,
      .cfg_data,
      .run,
      .abort,
      .core_rst,
      .seed,
      .first,
      .count,
      .busy,
      .done,
      .overflow,
      .hist_addr,
      .hist_data
  );

  core #(
      .LANES(LANES)
  ) core (
      .clk,
      .rst(core_rst),
      .cfg_we,
      .cfg_addr,
      .cfg_data,
      .run,
      .abort,
      .seed,
      .first,
      .count,
      .busy,
      .done,
      .overflow,
      .hist_addr,
      .hist_data
  );

  assign working = busy;
  assign answering = tx_busy;
endmodule
