// Block memory with one port to write and one to read; never read what is written in the same
// cycle. Addresses must come from registers.
module ram #(
    parameter int WIDTH = 18,
    parameter int DEPTH = 1024
) (
    input  logic                     clk,
    input  logic                     we,
    input  logic [$clog2(DEPTH)-1:0] w_addr,
    input  logic [        WIDTH-1:0] w_data,
    input  logic [$clog2(DEPTH)-1:0] r_addr,
    output logic [        WIDTH-1:0] r_data
);
  (* ram_style = "block" *) logic [WIDTH-1:0] memory[DEPTH];

  always_ff @(posedge clk) begin
    if (we) memory[w_addr] <= w_data;
    r_data <= memory[r_addr];
  end
endmodule
