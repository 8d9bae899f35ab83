// A small table in LUTs, written when it is configured; its output is registered.
module table_ram #(
    parameter int WIDTH = 20,
    parameter int DEPTH = 32
) (
    input  logic                     clk,
    input  logic                     we,
    input  logic [$clog2(DEPTH)-1:0] w_addr,
    input  logic [        WIDTH-1:0] w_data,
    input  logic [$clog2(DEPTH)-1:0] r_addr,
    output logic [        WIDTH-1:0] r_data
);
  (* ram_style = "distributed" *) logic [WIDTH-1:0] memory[DEPTH];

  always_ff @(posedge clk) begin
    if (we) memory[w_addr] <= w_data;
    r_data <= memory[r_addr];
  end
endmodule
