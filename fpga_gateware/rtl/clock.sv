// The clock: 27 MHz · (FBDIV + 1) / (IDIV + 1) from the chip's PLL; the oscillator of the PLL runs
// ODIV times as fast, which must be between 400 and 1,200 MHz. In simulation it is the input.
module clock #(
    parameter int FBDIV = 1,
    parameter int IDIV  = 0,
    parameter int ODIV  = 16
) (
    input  logic clk27,
    output logic clk,
    output logic locked
);
`ifdef VERILATOR
  assign clk = clk27;
  assign locked = 1'b1;
  wire unused = &{1'b0, FBDIV, IDIV, ODIV};
`else
  rPLL #(
      .FCLKIN("27"),
      .IDIV_SEL(IDIV),
      .FBDIV_SEL(FBDIV),
      .ODIV_SEL(ODIV),
      .DEVICE("GW1NR-9C"),
      .DYN_IDIV_SEL("false"),
      .DYN_FBDIV_SEL("false"),
      .DYN_ODIV_SEL("false"),
      .PSDA_SEL("0000"),
      .DYN_DA_EN("true"),
      .DUTYDA_SEL("1000"),
      .CLKOUT_FT_DIR(1'b1),
      .CLKOUTP_FT_DIR(1'b1),
      .CLKOUT_DLY_STEP(0),
      .CLKOUTP_DLY_STEP(0),
      .CLKFB_SEL("internal"),
      .CLKOUT_BYPASS("false"),
      .CLKOUTP_BYPASS("false"),
      .CLKOUTD_BYPASS("false"),
      .DYN_SDIV_SEL(2),
      .CLKOUTD_SRC("CLKOUT"),
      .CLKOUTD3_SRC("CLKOUT")
  ) pll (
      .CLKIN(clk27),
      .CLKOUT(clk),
      .LOCK(locked),
      .CLKOUTP(),
      .CLKOUTD(),
      .CLKOUTD3(),
      .RESET(1'b0),
      .RESET_P(1'b0),
      .CLKFB(1'b0),
      .FBDSEL(6'b0),
      .IDSEL(6'b0),
      .ODSEL(6'b0),
      .PSDA(4'b0),
      .DUTYDA(4'b0),
      .FDLY(4'b0)
  );
`endif
endmodule
