// |W1|², |W2|² and the parts of W1·W2* of one coefficient after the other, rounded, cut to 18 bits,
// and written into the ring of products. Two multipliers, one product a cycle.
module products #(
    parameter int LANES = 2
) (
    input  logic               clk,
    input  logic               halt,
    // configuration
    input  logic        [ 4:0] last_row,
    input  logic        [ 3:0] shift,
    input  logic        [ 6:0] depth,     // places of a scale in the ring
    // coefficients
    input  logic               valid,
    input  logic               empty,
    input  logic               tick_end,
    input  logic [LANES*72-1:0] values,
    output logic               accepted,
    // the ring
    input  logic               room,      // for another tick
    output logic               written,   // one cycle: a tick is complete
    output logic        [ 3:0] we,        // |W1|², |W2|², real, imaginary part
    output logic        [ 9:0] w_addr,
    output logic signed [17:0] w_data
);
  typedef enum logic [1:0] {
    IDLE,
    MULTIPLY,
    ERASE,
    FLUSH
  } state_t;
  state_t state;

  localparam logic signed [36:0] LIMIT = 37'sd131071;

  logic [2:0] lane;
  logic [1:0] kind;
  logic [4:0] row;
  logic [5:0] slot;
  logic [9:0] base;  // of the row in the ring
  wire lane_ends = lane == 3'(LANES - 1) || row == last_row;

  logic [71:0] one;
  always_comb begin
    one = values[71:0];
    for (int i = 1; i < LANES; i++) if (lane == 3'(i)) one = values[72*i+:72];
  end
  wire signed [17:0] real_0 = one[17:0];
  wire signed [17:0] imag_0 = one[35:18];
  wire signed [17:0] real_1 = one[53:36];
  wire signed [17:0] imag_1 = one[71:54];

  assign accepted = valid && ((state == MULTIPLY && kind == 2'd3 && lane_ends)
      || (state == ERASE && row == last_row));

  // What goes along: whether there is a product, its kind and address, whether it ends the tick.
  logic [3:0] on, ending;
  logic [7:0] kinds;
  logic [39:0] addresses;

  // -- arithmetic -----------------------------------------------------------------------------
  logic signed [17:0] a, b, c, d;
  logic negative;
  logic signed [36:0] m, n;
  logic signed [36:0] sum, coarse, fine, half;
  logic negated;

  always_ff @(posedge clk) begin
    half <= (37'd1 << shift) >> 1;
    case (kind)
      2'd0: {a, b, c, d} <= {real_0, real_0, imag_0, imag_0};
      2'd1: {a, b, c, d} <= {real_1, real_1, imag_1, imag_1};
      2'd2: {a, b, c, d} <= {real_0, real_1, imag_0, imag_1};
      default: {a, b, c, d} <= {imag_0, real_1, real_0, imag_1};
    endcase
    negative <= kind == 2'd3;
    m <= a * b;
    n <= c * d;
    negated <= negative;
    sum <= (negated ? m - n : m + n) + half;
    case (shift[3:2])
      2'd0: coarse <= sum;
      2'd1: coarse <= sum >>> 4;
      2'd2: coarse <= sum >>> 8;
      default: coarse <= sum >>> 12;
    endcase
  end

  always_comb begin
    case (shift[1:0])
      2'd0: fine = coarse;
      2'd1: fine = coarse >>> 1;
      2'd2: fine = coarse >>> 2;
      default: fine = coarse >>> 3;
    endcase
  end

  // -- sequence -------------------------------------------------------------------------------
  wire [9:0] address = base + {4'd0, slot};

  always_ff @(posedge clk) begin
    on <= {on[2:0], state == MULTIPLY};
    ending <= {ending[2:0], state == MULTIPLY && kind == 2'd3 && lane_ends && tick_end};
    kinds <= {kinds[5:0], kind};
    addresses <= {addresses[29:0], address};
    written <= ending[3];

    case (state)
      IDLE: begin
        lane <= 3'd0;
        kind <= 2'd0;
        if (valid && room) state <= empty ? ERASE : MULTIPLY;
      end

      MULTIPLY: begin
        kind <= kind + 2'd1;
        if (kind == 2'd3) begin
          lane <= lane + 3'd1;
          row <= row + 5'd1;
          base <= base + {3'd0, depth};
          if (lane_ends) state <= tick_end ? FLUSH : IDLE;
        end
      end

      ERASE: begin
        row <= row + 5'd1;
        base <= base + {3'd0, depth};
        if (row == last_row) begin
          // Nothing else is on its way.
          written <= 1'b1;
          state   <= FLUSH;
        end
      end

      default: begin  // FLUSH: the products on their way are written first
        row <= 5'd0;
        base <= 10'd0;
        if (written) begin
          slot <= {1'b0, slot} + 7'd1 == depth ? 6'd0 : slot + 6'd1;
          state <= IDLE;
        end
      end
    endcase

    we <= state == ERASE ? 4'b1111 : on[3] ? 4'b0001 << kinds[7:6] : 4'b0000;
    w_addr <= state == ERASE ? address : addresses[39:30];
    w_data <= state == ERASE ? 18'sd0
        : fine > LIMIT ? 18'sd131071 : fine < -LIMIT ? -18'sd131071 : fine[17:0];

    if (halt) begin
      state <= IDLE;
      on <= 4'd0;
      ending <= 4'd0;
      written <= 1'b0;
      row <= 5'd0;
      base <= 10'd0;
      slot <= 6'd0;
      we <= 4'd0;
    end
  end
endmodule
