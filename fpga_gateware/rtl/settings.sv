// The configuration's registers; fpga_gateware/README.md has the table.
module settings (
    input  logic               clk,
    input  logic               cfg_we,
    input  logic        [15:0] cfg_addr,
    input  logic        [31:0] cfg_data,
    output logic        [10:0] length,
    output logic        [ 5:0] stream,
    output logic signed [17:0] lag_0,
    output logic signed [17:0] lag_1,
    output logic signed [17:0] first_gain_0,
    output logic signed [17:0] first_gain_1,
    output logic signed [17:0] gain_0,
    output logic signed [17:0] gain_1,
    output logic        [ 3:0] mean_shift,
    output logic        [17:0] reciprocal,
    output logic        [12:0] start,
    output logic        [12:0] period,
    output logic        [ 9:0] last,
    output logic        [ 9:0] step,
    output logic        [10:0] last_tick,
    output logic        [ 4:0] last_group,
    output logic        [ 4:0] last_row,
    output logic        [ 4:0] half,
    output logic        [ 6:0] depth,
    output logic        [ 3:0] shift,
    output logic        [ 9:0] out_first,
    output logic        [ 4:0] last_own,
    output logic signed [ 6:0] first_row,
    output logic        [ 4:0] last_weight
);
  always_ff @(posedge clk)
    if (cfg_we && cfg_addr[15:10] == config_map::REGISTERS)
      case (cfg_addr[4:0])
        5'd0: length <= cfg_data[10:0];
        5'd1: stream <= cfg_data[5:0];
        5'd2: lag_0 <= cfg_data[17:0];
        5'd3: lag_1 <= cfg_data[17:0];
        5'd4: first_gain_0 <= cfg_data[17:0];
        5'd5: first_gain_1 <= cfg_data[17:0];
        5'd6: gain_0 <= cfg_data[17:0];
        5'd7: gain_1 <= cfg_data[17:0];
        5'd8: mean_shift <= cfg_data[3:0];
        5'd9: reciprocal <= cfg_data[17:0];
        5'd10: start <= cfg_data[12:0];
        5'd11: period <= cfg_data[12:0];
        5'd12: last <= cfg_data[9:0];
        5'd13: step <= cfg_data[9:0];
        5'd14: last_tick <= cfg_data[10:0];
        5'd15: last_group <= cfg_data[4:0];
        5'd16: last_row <= cfg_data[4:0];
        5'd17: half <= cfg_data[4:0];
        5'd18: depth <= cfg_data[6:0];
        5'd19: shift <= cfg_data[3:0];
        5'd20: out_first <= cfg_data[9:0];
        5'd21: last_own <= cfg_data[4:0];
        5'd22: first_row <= cfg_data[6:0];
        5'd23: last_weight <= cfg_data[4:0];
        default: ;
      endcase

  logic unused;
  assign unused = ^{cfg_addr[9:5], cfg_data[31:18]};
endmodule
