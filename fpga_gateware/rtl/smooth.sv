// Smoothing in time: for every scale the weighted sums of the four products at the places around
// the one in the middle of the ring. One place a cycle, four multipliers.
//
// Weights of a window sum up to 2^16 or less: a smoothed product is no larger than a product.
module smooth (
    input  logic               clk,
    input  logic               halt,
    // configuration
    input  logic               cfg_we,
    input  logic        [15:0] cfg_addr,
    input  logic        [31:0] cfg_data,
    input  logic        [10:0] last_tick,
    input  logic        [ 4:0] last_row,
    input  logic        [ 4:0] half,       // half width of the widest window
    input  logic        [ 6:0] depth,      // places of a scale in the ring
    input  logic        [ 9:0] out_first,  // the first place whose coherence is counted
    // the ring
    input  logic               waiting,    // a tick is complete and not yet smoothed
    output logic               smoothed,   // one cycle: it isn't needed any more
    output logic               ended,      // one cycle: it was the last of a realisation
    output logic        [ 9:0] r_addr,
    input  logic signed [17:0] product_0,
    input  logic signed [17:0] product_1,
    input  logic signed [17:0] product_2,
    input  logic signed [17:0] product_3,
    // a bank of smoothed products, two words a scale
    input  logic        [ 1:0] full,       // banks that are in use
    output logic               bank,
    output logic               fill,       // one cycle: the bank is complete
    output logic        [ 9:0] place,      // and belongs to this place
    output logic               we,
    output logic        [ 6:0] w_addr,     // bank, row, pair
    output logic        [35:0] w_data
);
  typedef enum logic [2:0] {
    IDLE,
    FETCH,
    RUN,
    FLUSH,
    SKIP
  } state_t;
  state_t state;

  localparam logic signed [34:0] HALF = 35'sd32768;

  // -- the table of windows: half width, first weight; and the weights ------------------------
  logic [4:0] row;
  logic [14:0] entry;
  logic [8:0] weight_addr;
  logic signed [17:0] weight_read;
  table_ram #(
      .WIDTH(15),
      .DEPTH(32)
  ) windows_of (
      .clk,
      .we(cfg_we && cfg_addr[15:10] == config_map::WINDOWS_OF),
      .w_addr(cfg_addr[4:0]),
      .w_data(cfg_data[14:0]),
      .r_addr(row),
      .r_data(entry)
  );
  ram #(
      .WIDTH(18),
      .DEPTH(512)
  ) windows (
      .clk,
      .we(cfg_we && cfg_addr[15:10] == config_map::WINDOWS),
      .w_addr(cfg_addr[8:0]),
      .w_data(cfg_data[17:0]),
      .r_addr(weight_addr),
      .r_data(weight_read)
  );
  wire [5:0] width = entry[14:9];

  // -- sequence -------------------------------------------------------------------------------
  logic [10:0] tick;
  logic [5:0] slot;       // of the newest tick
  logic [5:0] at;         // of the place that is read
  logic [9:0] base;       // of the row in the ring
  logic signed [6:0] k;
  logic fetched;
  // The ring holds the places around the first one that is counted after twice the half width.
  wire [10:0] ring_ends = {5'd0, half, 1'b0};
  wire [10:0] here = tick - ring_ends;
  wire wanted = tick >= ring_ends;
  wire [6:0] size = k < 7'sd0 ? 7'(-k) : 7'(k);
  // Where the window begins, on the ring; then from place to place.
  wire [7:0] back = {2'd0, slot} - {3'd0, half} - {2'd0, width};
  wire [7:0] begins = back[7] ? back + {1'b0, depth} : back;
  wire is_last = k == $signed({1'b0, width});

  logic [3:0] on;
  logic [4:0] last_one;
  logic [24:0] rows;

  // -- arithmetic -----------------------------------------------------------------------------
  logic signed [17:0] p_0, p_1, p_2, p_3, weight;
  logic signed [35:0] m_0, m_1, m_2, m_3;
  logic signed [34:0] sum_0, sum_1, sum_2, sum_3;
  logic signed [17:0] out_2, out_3;
  logic [4:0] out_row;
  logic second;

  always_ff @(posedge clk) begin
    p_0 <= product_0;
    p_1 <= product_1;
    p_2 <= product_2;
    p_3 <= product_3;
    weight <= weight_read;
    m_0 <= p_0 * weight;
    m_1 <= p_1 * weight;
    m_2 <= p_2 * weight;
    m_3 <= p_3 * weight;
    // Between two scales' weights are the cycles of a fetch: the sums begin anew when they are taken.
    if (last_one[4] || halt) begin
      sum_0 <= HALF;
      sum_1 <= HALF;
      sum_2 <= HALF;
      sum_3 <= HALF;
    end else if (on[3]) begin
      sum_0 <= sum_0 + m_0[34:0];
      sum_1 <= sum_1 + m_1[34:0];
      sum_2 <= sum_2 + m_2[34:0];
      sum_3 <= sum_3 + m_3[34:0];
    end

    // Two words in two cycles; another row's sums take at least three.
    we <= last_one[4] || second;
    second <= last_one[4] && !halt;
    if (last_one[4]) begin
      w_addr <= {bank, rows[24:20], 1'b0};
      w_data <= {sum_1[33:16], sum_0[33:16]};
      out_2 <= sum_2[33:16];
      out_3 <= sum_3[33:16];
      out_row <= rows[24:20];
    end else begin
      w_addr <= {bank, out_row, 1'b1};
      w_data <= {out_3, out_2};
    end
  end

  always_ff @(posedge clk) begin
    smoothed <= 1'b0;
    ended <= 1'b0;
    fill <= 1'b0;
    on <= {on[2:0], state == RUN};
    last_one <= {last_one[3:0], state == RUN && is_last};
    rows <= {rows[19:0], row};
    r_addr <= base + {4'd0, at};
    weight_addr <= entry[8:0] + {2'd0, size};
    if (fill) bank <= !bank;

    case (state)
      IDLE: begin
        row <= 5'd0;
        base <= 10'd0;
        fetched <= 1'b0;
        place <= out_first + here[9:0];
        // What was just smoothed is still counted for one cycle.
        if (waiting && !smoothed) begin
          if (!wanted) state <= SKIP;
          else if (!full[bank] && !fill) state <= FETCH;
        end
      end

      FETCH: begin
        fetched <= 1'b1;
        k <= -$signed({1'b0, width});
        at <= begins[5:0];
        if (fetched) state <= RUN;
      end

      RUN: begin
        k <= k + 7'sd1;
        at <= {1'b0, at} + 7'd1 == depth ? 6'd0 : at + 6'd1;
        fetched <= 1'b0;
        if (is_last) begin
          row <= row + 5'd1;
          base <= base + {3'd0, depth};
          state <= row == last_row ? FLUSH : FETCH;
        end
      end

      FLUSH:
      if (second) begin
        if (out_row == last_row) begin
          fill  <= 1'b1;
          state <= SKIP;
        end
      end

      default: begin  // SKIP: on to the next tick
        smoothed <= 1'b1;
        slot <= {1'b0, slot} + 7'd1 == depth ? 6'd0 : slot + 6'd1;
        tick <= tick == last_tick ? 11'd0 : tick + 11'd1;
        ended <= tick == last_tick;
        state <= IDLE;
      end
    endcase

    if (halt) begin
      state <= IDLE;
      on <= 4'd0;
      last_one <= 5'd0;
      bank <= 1'b0;
      tick <= 11'd0;
      slot <= 6'd0;
      smoothed <= 1'b0;
      fill <= 1'b0;
      ended <= 1'b0;
    end
  end

  logic unused;
  assign unused = ^{cfg_addr[9], here[10], begins[7:6], cfg_data[31:18], m_0[35], m_1[35], m_2[35], m_3[35], sum_0[34], sum_1[34], sum_2[34], sum_3[34], size[6]};
endmodule
