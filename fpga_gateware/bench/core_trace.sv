// The core, and what passes between its parts: one line a word on standard output while `trace` is
// high. The letters: x samples, w coefficients, p products, s smoothed products, r sums over scales,
// h counts.
module core_trace #(
    parameter int LANES = 2
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        cfg_we,
    input  logic [15:0] cfg_addr,
    input  logic [31:0] cfg_data,
    input  logic        run,
    input  logic        stop,
    input  logic [63:0] seed,
    input  logic [31:0] first,
    input  logic [31:0] count,
    output logic        busy,
    output logic [31:0] done,
    output logic        overflow,
    input  logic [15:0] hist_addr,
    output logic [31:0] hist_data,
    input  logic        trace
);
  core #(.LANES(LANES)) dut (.*, .abort(stop));

  // A 36-bit word of smoothed products as its two numbers.
  wire signed [17:0] low = dut.bank_w_data[17:0];
  wire signed [17:0] high = dut.bank_w_data[35:18];

  always_ff @(posedge clk)
    if (trace) begin
      if (dut.sample_we) $display("x %0d %0d %0d", dut.sample_addr, dut.sample_0, dut.sample_1);
      if (dut.values_accepted && !dut.values_empty)
        for (int i = 0; i < LANES; i++)
          $display("w %0d %0d %0d %0d", $signed(dut.values[72*i+:18]), $signed(dut.values[72*i+18+:18]),
                   $signed(dut.values[72*i+36+:18]), $signed(dut.values[72*i+54+:18]));
      if (dut.ring_we != 4'd0) $display("p %0d %0d %0d", dut.ring_we, dut.ring_w_addr, dut.ring_data);
      if (dut.bank_we) $display("s %0d %0d %0d", dut.bank_w_addr, low, high);
      if (dut.sums_accepted)
        $display("r %0d %0d %0d %0d %0d", dut.sums_row, dut.power_0, dut.power_1, dut.cross_re, dut.cross_im);
      if (dut.one) $display("h %0d %0d", dut.row, dut.bin);
    end
endmodule
