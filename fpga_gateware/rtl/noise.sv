// Pairs of AR(1) series without their means, one after the other.
//
// The next pair is made while the filters work on the last one: it waits in a memory of its own,
// and is copied without its mean when they are ready. A sample takes as long as its random words,
// 17 cycles; the recursion's four products share one multiplier meanwhile.
module noise (
    input  logic               clk,
    input  logic               halt,
    // work
    input  logic               start,         // one cycle
    input  logic        [63:0] seed,
    input  logic        [31:0] first,
    input  logic        [31:0] count,
    // configuration
    input  logic        [10:0] length,
    input  logic        [ 5:0] stream,
    input  logic signed [17:0] lag_0,         // in 2^-17
    input  logic signed [17:0] lag_1,
    input  logic signed [17:0] first_gain_0,  // in 2^-7
    input  logic signed [17:0] first_gain_1,
    input  logic signed [17:0] gain_0,
    input  logic signed [17:0] gain_1,
    input  logic        [ 3:0] mean_shift,
    input  logic        [17:0] reciprocal,
    // samples to the filters
    input  logic               taken,         // they wait for samples
    output logic               ready,         // one cycle: the samples are all there
    output logic               we,
    output logic        [ 9:0] w_addr,
    output logic signed [16:0] w_data_0,
    output logic signed [16:0] w_data_1
);
  typedef enum logic [2:0] {
    IDLE,
    DRAW,     // waits for two words
    RECUR,    // two samples
    SHIFT,    // the sums become means
    DIVIDE,
    WAIT,
    COPY
  } state_t;
  state_t state;

  localparam logic signed [18:0] LIMIT = 19'sd65535;

  function automatic logic signed [16:0] limited(input logic signed [18:0] v);
    if (v > LIMIT) limited = 17'sd65535;
    else if (v < -LIMIT) limited = -17'sd65535;
    else limited = v[16:0];
  endfunction

  // -- random words -----------------------------------------------------------------------
  logic draw, drawn, have;
  logic [31:0] number, left;
  logic [9:0] t_draw, t;
  logic [31:0] word_0, word_1;
  logic signed [7:0] now_0, now_1, z_0, z_1;

  threefry generator (
      .clk,
      .halt,
      .start(draw),
      .key(seed),
      .c0(number),
      .c1({stream, 16'd0, t_draw}),
      .x0(word_0),
      .x1(word_1),
      .done(drawn)
  );
  nibble_sum normal_0 (
      .word (word_0),
      .value(now_0)
  );
  nibble_sum normal_1 (
      .word (word_1),
      .value(now_1)
  );

  // -- the raw series ---------------------------------------------------------------------
  logic raw_we;
  logic [9:0] raw_w_addr, raw_r_addr;
  logic signed [16:0] x_0, x_1;
  logic signed [16:0] raw_0, raw_1;

  ram #(
      .WIDTH(34),
      .DEPTH(1024)
  ) raw (
      .clk,
      .we(raw_we),
      .w_addr(raw_w_addr),
      .w_data({x_1, x_0}),
      .r_addr(raw_r_addr),
      .r_data({raw_1, raw_0})
  );

  // -- arithmetic -------------------------------------------------------------------------
  logic [3:0] step;
  logic signed [17:0] a, b;
  logic signed [35:0] product, total;
  logic signed [27:0] sum_0, sum_1;
  logic signed [17:0] mean_0, mean_1;
  logic [3:0] shifts;
  logic [2:0] copying;
  logic [9:0] copied;

  always_ff @(posedge clk) begin
    draw <= 1'b0;
    ready <= 1'b0;
    raw_we <= 1'b0;
    product <= a * b;
    if (drawn) have <= 1'b1;

    case (state)
      IDLE:
      if (start && count != 32'd0) begin
        number <= first;
        left <= count;
        draw <= 1'b1;
        t_draw <= 10'd0;
        t <= 10'd0;
        sum_0 <= 28'sd0;
        sum_1 <= 28'sd0;
        state <= DRAW;
      end

      DRAW:
      if (have) begin
        have <= 1'b0;
        z_0 <= now_0;
        z_1 <= now_1;
        step <= 4'd0;
        state <= RECUR;
        // The words of the next sample are drawn meanwhile.
        t_draw <= t_draw + 10'd1;
        draw <= {1'b0, t_draw} + 11'd1 != length;
      end

      RECUR: begin
        step <= step + 4'd1;
        case (step)
          4'd0: begin
            a <= 18'(x_0);
            b <= lag_0;
          end
          4'd1: begin
            a <= 18'(z_0);
            b <= t == 10'd0 ? first_gain_0 : gain_0;
          end
          4'd2: begin
            a <= 18'(x_1);
            b <= lag_1;
            total <= t == 10'd0 ? 36'sd65536 : product + 36'sd65536;
          end
          4'd3: begin
            a <= 18'(z_1);
            b <= t == 10'd0 ? first_gain_1 : gain_1;
            total <= total + (product <<< 10);
          end
          4'd4: begin
            x_0 <= limited(total[35:17]);
            total <= t == 10'd0 ? 36'sd65536 : product + 36'sd65536;
          end
          4'd5: total <= total + (product <<< 10);
          4'd6: begin
            x_1 <= limited(total[35:17]);
            raw_we <= 1'b1;
            raw_w_addr <= t;
          end
          default: begin
            sum_0 <= sum_0 + 28'(x_0);
            sum_1 <= sum_1 + 28'(x_1);
            t <= t + 10'd1;
            shifts <= mean_shift;
            state <= {1'b0, t} + 11'd1 == length ? SHIFT : DRAW;
          end
        endcase
      end

      SHIFT:
      if (shifts != 4'd0) begin
        sum_0 <= sum_0 >>> 1;
        sum_1 <= sum_1 >>> 1;
        shifts <= shifts - 4'd1;
      end else begin
        step <= 4'd0;
        state <= DIVIDE;
      end

      DIVIDE: begin
        step <= step + 4'd1;
        b <= reciprocal;
        a <= step == 4'd0 ? sum_0[17:0] : sum_1[17:0];
        if (step == 4'd2) mean_0 <= 18'((product + 36'sd32768) >>> 16);
        if (step == 4'd3) begin
          mean_1 <= 18'((product + 36'sd32768) >>> 16);
          state <= WAIT;
        end
      end

      WAIT:
      if (taken) begin
        raw_r_addr <= 10'd0;
        copying[0] <= 1'b1;
        state <= COPY;
      end

      default: begin  // COPY
        if ({1'b0, raw_r_addr} + 11'd1 == length) copying[0] <= 1'b0;
        else raw_r_addr <= raw_r_addr + 10'd1;
        if (copying[2] && !copying[1]) begin
          ready <= 1'b1;
          number <= number + 32'd1;
          left <= left - 32'd1;
          draw <= left != 32'd1;
          t_draw <= 10'd0;
          t <= 10'd0;
          sum_0 <= 28'sd0;
        sum_1 <= 28'sd0;
          state <= left == 32'd1 ? IDLE : DRAW;
        end
      end
    endcase

    // Read, subtracted and written in three steps.
    copying[1] <= copying[0];
    copying[2] <= copying[1];
    copied <= raw_r_addr;
    we <= copying[1];
    w_addr <= copied;
    w_data_0 <= limited(19'(raw_0) - 19'(mean_0));
    w_data_1 <= limited(19'(raw_1) - 19'(mean_1));

    if (halt) begin
      state <= IDLE;
      have <= 1'b0;
      draw <= 1'b0;
      copying <= 3'd0;
      we <= 1'b0;
      raw_we <= 1'b0;
      ready <= 1'b0;
    end
  end
endmodule
