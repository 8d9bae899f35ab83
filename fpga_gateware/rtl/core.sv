// Whole coherence realisations, of which only histograms leave: noise → filters → products →
// smoothing in time → over scales → R² → counts. The parts work at the same time, each on what the
// one before it has finished.
module core #(
    parameter int LANES = 2
) (
    input  logic        clk,
    input  logic        rst,
    // configuration, written while not busy
    input  logic        cfg_we,
    input  logic [15:0] cfg_addr,
    input  logic [31:0] cfg_data,
    // a unit of work
    input  logic        run,        // one cycle; ignored while busy
    /* verilator lint_off SYMRSVDWORD */
    input  logic        abort,      // one cycle
    /* verilator lint_on SYMRSVDWORD */
    input  logic [63:0] seed,       // these three stay while it is busy
    input  logic [31:0] first,      // number of the first series
    input  logic [31:0] count,
    output logic        busy,
    output logic [31:0] done,       // series finished
    output logic        overflow,
    // histogram, while not busy: {row, bin}; the data come two cycles later
    input  logic [15:0] hist_addr,
    output logic [31:0] hist_data
);
  logic halt;

  // -- configuration --------------------------------------------------------------------------
  logic [10:0] length, last_tick;
  logic [5:0] stream;
  logic signed [17:0] lag_0, lag_1, first_gain_0, first_gain_1, gain_0, gain_1;
  logic [3:0] mean_shift, shift;
  logic [17:0] reciprocal;
  logic [12:0] start, period;
  logic [9:0] last, step, out_first;
  logic [4:0] last_group, last_row, half, last_own, last_weight;
  logic [6:0] depth;
  logic signed [6:0] first_row;

  settings settings_ (.*);

  // -- noise and filters ----------------------------------------------------------------------
  logic begin_noise, taken, ready, sample_we;
  logic [9:0] sample_addr;
  logic signed [16:0] sample_0, sample_1;

  noise noise_ (
      .clk,
      .halt,
      .start(begin_noise),
      .seed,
      .first,
      .count,
      .length,
      .stream,
      .lag_0,
      .lag_1,
      .first_gain_0,
      .first_gain_1,
      .gain_0,
      .gain_1,
      .mean_shift,
      .reciprocal,
      .taken,
      .ready,
      .we(sample_we),
      .w_addr(sample_addr),
      .w_data_0(sample_0),
      .w_data_1(sample_1)
  );

  logic values_valid, values_empty, values_end, values_accepted;
  logic [LANES*72-1:0] values;

  fir #(
      .LANES(LANES)
  ) fir_ (
      .clk,
      .halt,
      .cfg_we,
      .cfg_addr,
      .cfg_data,
      .length,
      .start,
      .period,
      .last,
      .step,
      .last_tick,
      .last_group,
      .taken,
      .ready,
      .we(sample_we),
      .w_addr(sample_addr),
      .w_data_0(sample_0),
      .w_data_1(sample_1),
      .valid(values_valid),
      .empty(values_empty),
      .tick_end(values_end),
      .values,
      .accepted(values_accepted)
  );

  // -- products and their ring ----------------------------------------------------------------
  // Ticks that are written and not yet smoothed. A tick may be written if the places that it takes
  // the room of aren't within a window any more.
  logic [6:0] ahead;
  wire room = ahead + {1'b0, half, 1'b0} < depth;
  logic written, smoothed;
  logic [3:0] ring_we;
  logic [9:0] ring_w_addr, ring_r_addr;
  logic signed [17:0] ring_data;
  logic signed [17:0] product_0, product_1, product_2, product_3;

  products #(
      .LANES(LANES)
  ) products_ (
      .clk,
      .halt,
      .last_row,
      .shift,
      .depth,
      .valid(values_valid),
      .empty(values_empty),
      .tick_end(values_end),
      .values,
      .accepted(values_accepted),
      .room,
      .written,
      .we(ring_we),
      .w_addr(ring_w_addr),
      .w_data(ring_data)
  );

  ram ring_0 (
      .clk,
      .we(ring_we[0]),
      .w_addr(ring_w_addr),
      .w_data(ring_data),
      .r_addr(ring_r_addr),
      .r_data(product_0)
  );
  ram ring_1 (
      .clk,
      .we(ring_we[1]),
      .w_addr(ring_w_addr),
      .w_data(ring_data),
      .r_addr(ring_r_addr),
      .r_data(product_1)
  );
  ram ring_2 (
      .clk,
      .we(ring_we[2]),
      .w_addr(ring_w_addr),
      .w_data(ring_data),
      .r_addr(ring_r_addr),
      .r_data(product_2)
  );
  ram ring_3 (
      .clk,
      .we(ring_we[3]),
      .w_addr(ring_w_addr),
      .w_data(ring_data),
      .r_addr(ring_r_addr),
      .r_data(product_3)
  );

  // -- smoothing in time: two banks of smoothed products --------------------------------------
  logic ended, fill, fill_bank, drain, drain_bank, bank_we;
  logic [1:0] full;
  logic [9:0] fill_place, place_0, place_1;
  logic [6:0] bank_w_addr, bank_r_addr;
  logic [35:0] bank_w_data, bank_r_data;

  smooth smooth_ (
      .clk,
      .halt,
      .cfg_we,
      .cfg_addr,
      .cfg_data,
      .last_tick,
      .last_row,
      .half,
      .depth,
      .out_first,
      .waiting(ahead != 7'd0),
      .smoothed,
      .ended,
      .r_addr(ring_r_addr),
      .product_0,
      .product_1,
      .product_2,
      .product_3,
      .full,
      .bank(fill_bank),
      .fill,
      .place(fill_place),
      .we(bank_we),
      .w_addr(bank_w_addr),
      .w_data(bank_w_data)
  );

  ram #(
      .WIDTH(36),
      .DEPTH(128)
  ) banks (
      .clk,
      .we(bank_we),
      .w_addr(bank_w_addr),
      .w_data(bank_w_data),
      .r_addr(bank_r_addr),
      .r_data(bank_r_data)
  );

  always_ff @(posedge clk)
    if (halt) begin
      ahead <= 7'd0;
      full  <= 2'b00;
    end else begin
      if (written && !smoothed) ahead <= ahead + 7'd1;
      if (smoothed && !written) ahead <= ahead - 7'd1;
      if (drain) full[drain_bank] <= 1'b0;
      if (fill) full[fill_bank] <= 1'b1;
      if (fill && !fill_bank) place_0 <= fill_place;
      if (fill && fill_bank) place_1 <= fill_place;
    end

  // -- smoothing over scales, R² and counts ---------------------------------------------------
  logic sums_valid, sums_accepted, sums_idle, r2_idle, one, clear, clearing, counts_idle;
  logic sums_bank;
  logic [5:0] sums_row, row;
  logic [6:0] bin;
  logic signed [34:0] power_0, power_1, cross_re, cross_im;

  scale_sum scale_sum_ (
      .clk,
      .halt,
      .cfg_we,
      .cfg_addr,
      .cfg_data,
      .last_row,
      .last_own,
      .first_row,
      .last_weight,
      .full,
      .bank(sums_bank),
      .release_bank(drain),
      .released(drain_bank),
      .place(sums_bank ? place_1 : place_0),
      .r_addr(bank_r_addr),
      .r_data(bank_r_data),
      .valid(sums_valid),
      .bin_row(sums_row),
      .power_0,
      .power_1,
      .cross_re,
      .cross_im,
      .accepted(sums_accepted),
      .idle(sums_idle)
  );

  coherence coherence_ (
      .clk,
      .halt,
      .valid(sums_valid),
      .row_in(sums_row),
      .power_0,
      .power_1,
      .cross_re,
      .cross_im,
      .accepted(sums_accepted),
      .count(one),
      .row,
      .bin,
      .idle(r2_idle)
  );

  logic [17:0] bin_count;
  histogram histogram_ (
      .clk,
      .halt,
      .clear,
      .clearing,
      .count(one),
      .row,
      .bin,
      .overflow,
      .idle(counts_idle),
      .reading(!busy),
      .addr(hist_addr[12:0]),
      .data(bin_count)
  );
  assign hist_data = {14'd0, bin_count};

  // -- a unit of work -------------------------------------------------------------------------
  typedef enum logic [1:0] {
    IDLE,
    CLEAR,
    WORK,
    FLUSH
  } state_t;
  state_t state;

  // Everything has been idle for so many cycles.
  logic [2:0] quiet;

  // Not before everything has halted: the next unit may begin at once.
  assign busy = state != IDLE || halt;

  always_ff @(posedge clk) begin
    // Every unit begins from rest.
    halt <= rst || (abort && busy) || (run && !busy);
    clear <= 1'b0;
    begin_noise <= 1'b0;

    case (state)
      IDLE:
      if (run && !busy) begin
        done <= 32'd0;
        clear <= 1'b1;
        state <= CLEAR;
      end

      CLEAR:
      if (!clear && !clearing) begin
        begin_noise <= 1'b1;
        state <= WORK;
      end

      WORK: begin
        quiet <= 3'd0;
        if (ended) done <= done + 32'd1;
        if (done == count) state <= FLUSH;
      end

      default: begin  // FLUSH
        quiet <= sums_idle && r2_idle && counts_idle ? quiet + 3'd1 : 3'd0;
        if (quiet == 3'd7) state <= IDLE;
      end
    endcase

    if (rst || (abort && busy)) state <= IDLE;
  end

  logic unused;
  assign unused = ^hist_addr[15:13];
endmodule
