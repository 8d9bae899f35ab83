// Wavelet coefficients of both series, place after place, as many scales at a time as there are
// lanes.
//
// A realisation is a sequence of ticks: from a window's half width before the first place that is
// counted to as many after the last one. The smoothing goes round a circle, so that the ticks before
// the series' first place are its last places again, unless the circle has a gap there: a tick whose
// centre lies beyond the last place is empty.
module fir #(
    parameter int LANES = 2
) (
    input  logic               clk,
    input  logic               halt,
    // configuration
    input  logic               cfg_we,
    input  logic        [15:0] cfg_addr,
    input  logic        [31:0] cfg_data,
    input  logic        [10:0] length,
    input  logic        [12:0] start,       // centre of the first tick
    input  logic        [12:0] period,      // the circle, in samples
    input  logic        [ 9:0] last,        // centre of the last place
    input  logic        [ 9:0] step,
    input  logic        [10:0] last_tick,
    input  logic        [ 4:0] last_group,  // of lanes
    // samples of one pair of series
    output logic               taken,       // samples are waited for
    input  logic               ready,
    input  logic               we,
    input  logic        [ 9:0] w_addr,
    input  logic signed [16:0] w_data_0,
    input  logic signed [16:0] w_data_1,
    // coefficients, lane after lane
    output logic               valid,
    output logic               empty,       // of an empty tick there are none
    output logic               tick_end,    // no more of this tick
    output logic [LANES*72-1:0] values,     // real, imaginary of the first, of the second, low first
    input  logic               accepted
);
  typedef enum logic [2:0] {
    IDLE,
    TICK,
    EMPTY,
    FETCH,
    RUN,
    NEXT,
    DRAIN
  } state_t;
  state_t state;

  // -- the table of groups: first tap, taps less one -----------------------------------------
  logic [4:0] group;
  logic [19:0] entry;
  table_ram #(
      .WIDTH(20),
      .DEPTH(32)
  ) groups (
      .clk,
      .we(cfg_we && cfg_addr[15:10] == config_map::GROUPS),
      .w_addr(cfg_addr[4:0]),
      .w_data(cfg_data[19:0]),
      .r_addr(group),
      .r_data(entry)
  );

  // -- two copies of the samples, to read two at a time --------------------------------------
  logic [9:0] addr_a, addr_b;
  logic signed [16:0] a_0, a_1, b_0, b_1;
  ram #(
      .WIDTH(34),
      .DEPTH(1024)
  ) samples_a (
      .clk,
      .we,
      .w_addr,
      .w_data({w_data_1, w_data_0}),
      .r_addr(addr_a),
      .r_data({a_1, a_0})
  );
  ram #(
      .WIDTH(34),
      .DEPTH(1024)
  ) samples_b (
      .clk,
      .we,
      .w_addr,
      .w_data({w_data_1, w_data_0}),
      .r_addr(addr_b),
      .r_data({b_1, b_0})
  );

  // -- sequence -------------------------------------------------------------------------------
  logic [10:0] tick;
  logic [12:0] centre;
  logic [9:0] k, tap;
  logic fetched;
  logic pending;   // coefficients are on their way, or wait to be accepted
  wire is_last_tap = k == entry[19:10];
  wire issue = state == RUN && !(is_last_tap && pending);
  wire [10:0] right = {1'b0, centre[9:0]} + {1'b0, k};
  wire [13:0] next_centre = {1'b0, centre} + {4'd0, step};

  // What goes along with an address: whether the samples exist, the last tap. Between two groups'
  // taps are the cycles of a fetch: the sums begin anew when they are captured.
  logic [3:0] on;
  logic [4:0] last_tap;
  logic in_a, in_b, was_in_a, was_in_b;
  logic ends;

  always_ff @(posedge clk) begin
    on <= {on[2:0], issue};
    last_tap <= {last_tap[3:0], issue && is_last_tap};
    addr_a <= right[9:0];
    addr_b <= centre[9:0] - k;
    in_a <= right < length;
    in_b <= centre[9:0] >= k;
    was_in_a <= in_a;
    was_in_b <= in_b;
    tap <= entry[9:0] + k;

    if (accepted) begin
      valid <= 1'b0;
      pending <= 1'b0;
    end

    case (state)
      IDLE:
      if (ready) begin
        tick <= 11'd0;
        centre <= start;
        state <= TICK;
      end

      TICK: begin
        group <= 5'd0;
        fetched <= 1'b0;
        state <= centre > {3'd0, last} ? EMPTY : FETCH;
      end

      EMPTY:
      if (!pending) begin
        valid <= 1'b1;
        empty <= 1'b1;
        tick_end <= 1'b1;
        pending <= 1'b1;
        state <= NEXT;
      end

      FETCH: begin
        k <= 10'd0;
        fetched <= 1'b1;
        if (fetched) state <= RUN;
      end

      RUN:
      if (issue) begin
        k <= k + 10'd1;
        if (is_last_tap) begin
          pending <= 1'b1;
          ends <= group == last_group;
          group <= group + 5'd1;
          fetched <= 1'b0;
          state <= group == last_group ? NEXT : FETCH;
        end
      end

      NEXT: begin
        tick <= tick + 11'd1;
        centre <= next_centre >= {1'b0, period} ? 13'(next_centre - {1'b0, period}) : next_centre[12:0];
        state <= tick == last_tick ? DRAIN : TICK;
      end

      default:  // DRAIN: the last samples are on their way
      if (!pending) state <= IDLE;
    endcase

    // One lane group's sums at a time are captured: the next ones wait for pending to fall.
    if (last_tap[4]) begin
      valid <= 1'b1;
      empty <= 1'b0;
      tick_end <= ends;
    end

    if (halt) begin
      state <= IDLE;
      on <= 4'd0;
      last_tap <= 5'd0;
      valid <= 1'b0;
      pending <= 1'b0;
    end
  end

  assign taken = state == IDLE;

  // -- pairs of samples -----------------------------------------------------------------------
  logic signed [17:0] plus_0, minus_0, plus_1, minus_1;
  wire signed [17:0] right_0 = was_in_a ? 18'(a_0) : 18'sd0;
  wire signed [17:0] right_1 = was_in_a ? 18'(a_1) : 18'sd0;
  wire signed [17:0] left_0 = was_in_b ? 18'(b_0) : 18'sd0;
  wire signed [17:0] left_1 = was_in_b ? 18'(b_1) : 18'sd0;

  always_ff @(posedge clk) begin
    plus_0 <= right_0 + left_0;
    minus_0 <= right_0 - left_0;
    plus_1 <= right_1 + left_1;
    minus_1 <= right_1 - left_1;
  end

  for (genvar i = 0; i < LANES; i++) begin : g_lane
    fir_lane lane (
        .clk,
        .we(cfg_we && cfg_addr[15] && cfg_addr[14:11] == 4'(i)),
        .w_addr(cfg_addr[9:0]),
        .w_data(cfg_data),
        .addr(tap),
        .plus_0,
        .minus_0,
        .plus_1,
        .minus_1,
        .enable(on[3]),
        .capture(last_tap[4]),
        .clear(last_tap[4] || halt),
        .real_0(values[72*i+:18]),
        .imag_0(values[72*i+18+:18]),
        .real_1(values[72*i+36+:18]),
        .imag_1(values[72*i+54+:18])
    );
  end
endmodule
