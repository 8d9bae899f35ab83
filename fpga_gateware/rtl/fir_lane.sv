// One scale's complex filter for both series: sums of taps times pairs of samples.
//
// The filter's left half is the conjugate of its right one. So the real taps meet x[c+k] + x[c−k],
// the imaginary ones x[c+k] − x[c−k]. Sizes of the taps sum up to less than 2^17 and samples are
// below 2^16: no sum reaches 2^33.
module fir_lane (
    input  logic               clk,
    // taps, written when it is configured
    input  logic               we,
    input  logic        [ 9:0] w_addr,
    input  logic        [31:0] w_data,
    // one tap a cycle; the pairs of samples come two cycles after its address
    input  logic        [ 9:0] addr,
    input  logic signed [17:0] plus_0,
    input  logic signed [17:0] minus_0,
    input  logic signed [17:0] plus_1,
    input  logic signed [17:0] minus_1,
    input  logic               enable,   // four cycles after the address: the products count
    input  logic               capture,  // one cycle after the last: the sums are complete
    input  logic               clear,    // the sums begin anew: when they are captured, at the start
    // coefficients: real and imaginary part of the first series, of the second
    output logic signed [17:0] real_0,
    output logic signed [17:0] imag_0,
    output logic signed [17:0] real_1,
    output logic signed [17:0] imag_1
);
  // A half, of the digits that a coefficient drops.
  localparam logic signed [33:0] HALF = 34'sd32768;

  logic [31:0] tap;
  logic signed [17:0] re, im;
  logic signed [35:0] m_r0, m_i0, m_r1, m_i1;
  logic signed [33:0] r0, i0, r1, i1;

  ram #(
      .WIDTH(32),
      .DEPTH(version::MAX_TAPS)
  ) taps (
      .clk,
      .we,
      .w_addr,
      .w_data,
      .r_addr(addr),
      .r_data(tap)
  );

  always_ff @(posedge clk) begin
    re <= 18'($signed(tap[15:0]));
    im <= 18'($signed(tap[31:16]));
    m_r0 <= plus_0 * re;
    m_i0 <= minus_0 * im;
    m_r1 <= plus_1 * re;
    m_i1 <= minus_1 * im;
    if (clear) begin
      r0 <= HALF;
      i0 <= HALF;
      r1 <= HALF;
      i1 <= HALF;
    end else if (enable) begin
      r0 <= r0 + m_r0[33:0];
      i0 <= i0 + m_i0[33:0];
      r1 <= r1 + m_r1[33:0];
      i1 <= i1 + m_i1[33:0];
    end
    if (capture) begin
      real_0 <= r0[33:16];
      imag_0 <= i0[33:16];
      real_1 <= r1[33:16];
      imag_1 <= i1[33:16];
    end
  end

  // Products of 18 and 16 bits fit into 34.
  logic unused;
  assign unused = ^{m_r0[35:34], m_i0[35:34], m_r1[35:34], m_i1[35:34]};
endmodule
