// The bin of R² = (re² + im²) / (p0·p1): floor(128·R²), at most 127; 0 where there is no power.
//
// The four sums are shifted to the left until one of them fills its word, and cut to 18 bits. Their
// products are exact, and so is the quotient, of seven digits.
module coherence (
    input  logic               clk,
    input  logic               halt,
    input  logic               valid,
    input  logic        [ 5:0] row_in,
    input  logic signed [34:0] power_0,
    input  logic signed [34:0] power_1,
    input  logic signed [34:0] cross_re,
    input  logic signed [34:0] cross_im,
    output logic               accepted,
    output logic               count,     // one cycle
    output logic        [ 5:0] row,
    output logic        [ 6:0] bin,
    output logic               idle
);
  typedef enum logic [1:0] {
    IDLE,
    SHIFT,
    MULTIPLY,
    DIVIDE
  } state_t;
  state_t state;

  logic signed [34:0] p, q, re, im;
  logic [5:0] shifted;
  logic [2:0] step;
  // One of them fills its word; powers aren't negative.
  wire fills = p[33] || q[33] || re[34] != re[33] || im[34] != im[33];

  logic signed [17:0] a, b;
  logic signed [35:0] product;
  logic [36:0] above, below;
  wire [36:0] twice = {above[35:0], 1'b0};

  assign accepted = valid && state == IDLE;
  assign idle = state == IDLE && !valid && !count;

  always_ff @(posedge clk) begin
    count <= 1'b0;
    product <= a * b;
    step <= step + 3'd1;

    case (state)
      IDLE: begin
        row <= row_in;
        p <= power_0;
        q <= power_1;
        re <= cross_re;
        im <= cross_im;
        shifted <= 6'd0;
        if (valid) state <= SHIFT;
      end

      SHIFT:
      if (fills || shifted == 6'd34) begin
        step  <= 3'd0;
        state <= MULTIPLY;
      end else begin
        p <= p <<< 1;
        q <= q <<< 1;
        re <= re <<< 1;
        im <= im <<< 1;
        shifted <= shifted + 6'd1;
      end

      MULTIPLY: begin
        case (step)
          3'd0: {a, b} <= {p[34:17], q[34:17]};
          3'd1: {a, b} <= {re[34:17], re[34:17]};
          default: {a, b} <= {im[34:17], im[34:17]};
        endcase
        if (step == 3'd2) below <= 37'(product);
        if (step == 3'd3) above <= 37'(product);
        if (step == 3'd4) begin
          above <= above + 37'(product);
          step  <= 3'd0;
          state <= DIVIDE;
        end
      end

      default: begin  // DIVIDE
        bin <= {bin[5:0], twice >= below};
        above <= twice >= below ? twice - below : twice;
        if (step == 3'd0 && (above >= below || below == 37'd0)) begin
          bin <= below == 37'd0 ? 7'd0 : 7'd127;
          count <= 1'b1;
          state <= IDLE;
        end else if (step == 3'd6) begin
          count <= 1'b1;
          state <= IDLE;
        end
      end
    endcase

    if (halt) begin
      state <= IDLE;
      count <= 1'b0;
    end
  end
endmodule
