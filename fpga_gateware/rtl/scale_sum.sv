// Smoothing over scales, for every scale that is counted at a place: weighted sums of the smoothed
// products of the scales around it; what lies beyond the first and the last one is left out.
module scale_sum (
    input  logic               clk,
    input  logic               halt,
    // configuration
    input  logic               cfg_we,
    input  logic        [15:0] cfg_addr,
    input  logic        [31:0] cfg_data,
    input  logic        [ 4:0] last_row,
    input  logic        [ 4:0] last_own,     // scales that are counted, less one
    input  logic signed [ 6:0] first_row,    // the lowest scale in the first one's sum
    input  logic        [ 4:0] last_weight,
    // banks of smoothed products
    input  logic        [ 1:0] full,
    output logic               bank,
    output logic               release_bank, // one cycle: the bank that was
    output logic               released,
    input  logic        [ 9:0] place,
    output logic        [ 6:0] r_addr,       // bank, row, pair
    input  logic        [35:0] r_data,
    // sums
    output logic               valid,
    output logic        [ 5:0] bin_row,      // of the histogram
    output logic signed [34:0] power_0,
    output logic signed [34:0] power_1,
    output logic signed [34:0] cross_re,
    output logic signed [34:0] cross_im,
    input  logic               accepted,
    output logic               idle
);
  typedef enum logic [2:0] {
    IDLE,
    FETCH,
    LOOK,
    RUN,
    FLUSH,
    GIVE,
    NEXT
  } state_t;
  state_t state;

  // -- tables: which places of a scale are counted, and where; weights ------------------------
  logic [4:0] own, i;
  logic [25:0] outside, inner;
  logic [17:0] weight_read;
  table_ram #(
      .WIDTH(26),
      .DEPTH(32)
  ) outsides (
      .clk,
      .we(cfg_we && cfg_addr[15:10] == config_map::OUTSIDE),
      .w_addr(cfg_addr[4:0]),
      .w_data(cfg_data[25:0]),
      .r_addr(own),
      .r_data(outside)
  );
  table_ram #(
      .WIDTH(26),
      .DEPTH(32)
  ) inners (
      .clk,
      .we(cfg_we && cfg_addr[15:10] == config_map::INNER),
      .w_addr(cfg_addr[4:0]),
      .w_data(cfg_data[25:0]),
      .r_addr(own),
      .r_data(inner)
  );
  logic [4:0] weight_addr;
  table_ram #(
      .WIDTH(18),
      .DEPTH(32)
  ) weights (
      .clk,
      .we(cfg_we && cfg_addr[15:10] == config_map::WEIGHTS),
      .w_addr(cfg_addr[4:0]),
      .w_data(cfg_data[17:0]),
      .r_addr(weight_addr),
      .r_data(weight_read)
  );
  wire is_outside = place >= outside[9:0] && place <= outside[19:10];
  wire is_inner = place >= inner[9:0] && place <= inner[19:10];

  // -- sequence -------------------------------------------------------------------------------
  logic pair, fetched;
  logic [2:0] flush;
  wire signed [7:0] row = 8'(first_row) + 8'({3'd0, own}) + 8'({3'd0, i});
  wire exists = row >= 8'sd0 && row <= $signed({3'b0, last_row});

  logic [3:0] on;
  logic [3:0] pairs;

  // -- arithmetic -----------------------------------------------------------------------------
  logic signed [17:0] s_0, s_1, weight;
  logic signed [35:0] m_0, m_1;

  always_ff @(posedge clk) begin
    s_0 <= r_data[17:0];
    s_1 <= r_data[35:18];
    weight <= weight_read;
    m_0 <= s_0 * weight;
    m_1 <= s_1 * weight;
    if (state == LOOK) begin
      power_0  <= 35'sd0;
      power_1  <= 35'sd0;
      cross_re <= 35'sd0;
      cross_im <= 35'sd0;
    end else if (on[3]) begin
      if (pairs[3]) begin
        cross_re <= cross_re + m_0[34:0];
        cross_im <= cross_im + m_1[34:0];
      end else begin
        power_0 <= power_0 + m_0[34:0];
        power_1 <= power_1 + m_1[34:0];
      end
    end
  end

  always_ff @(posedge clk) begin
    release_bank <= 1'b0;
    on <= {on[2:0], state == RUN && exists};
    pairs <= {pairs[2:0], pair};
    r_addr <= {bank, row[4:0], pair};
    weight_addr <= i;
    if (accepted) valid <= 1'b0;

    case (state)
      IDLE: begin
        own <= 5'd0;
        fetched <= 1'b0;
        if (full[bank] && !release_bank) state <= FETCH;
      end

      FETCH: begin
        fetched <= 1'b1;
        if (fetched && !valid) state <= LOOK;
      end

      LOOK: begin
        i <= 5'd0;
        pair <= 1'b0;
        flush <= 3'd0;
        bin_row <= is_inner ? inner[25:20] : outside[25:20];
        state <= is_outside ? RUN : NEXT;
      end

      RUN: begin
        i <= i + 5'd1;
        if (i == last_weight) begin
          i <= 5'd0;
          pair <= 1'b1;
          if (pair) state <= FLUSH;
        end
      end

      FLUSH: begin
        flush <= flush + 3'd1;
        if (flush == 3'd4) state <= GIVE;
      end

      GIVE: begin
        valid <= 1'b1;
        state <= NEXT;
      end

      default: begin  // NEXT
        own <= own + 5'd1;
        fetched <= 1'b0;
        state <= own == last_own ? IDLE : FETCH;
        if (own == last_own) begin
          release_bank <= 1'b1;
          released <= bank;
          bank <= !bank;
        end
      end
    endcase

    if (halt) begin
      state <= IDLE;
      bank <= 1'b0;
      on <= 4'd0;
      valid <= 1'b0;
      release_bank <= 1'b0;
    end
  end

  assign idle = state == IDLE && full == 2'b00 && !valid;

  logic unused;
  assign unused = ^{cfg_addr[9:5], cfg_data[31:26], m_0[35], m_1[35], row[7:5]};
endmodule
