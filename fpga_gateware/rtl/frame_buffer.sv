// The memory of a request and of its answer: 2,048 bytes, one block of memory.
//
// The request lies in the first half, the answer in the second. What is read comes two cycles
// after its address: the address is registered first, which the placer's clock analysis needs.
module frame_buffer (
    input  logic        clk,
    input  logic        we,
    input  logic [10:0] w_addr,
    input  logic [ 7:0] w_data,
    input  logic [10:0] r_addr,
    output logic [ 7:0] r_data
);
  logic [7:0] memory[2048];
  logic we_q;
  logic [10:0] w_addr_q, r_addr_q;
  logic [7:0] w_data_q;

  always_ff @(posedge clk) begin
    {we_q, w_addr_q, w_data_q, r_addr_q} <= {we, w_addr, w_data, r_addr};
    if (we_q) memory[w_addr_q] <= w_data_q;
    r_data <= memory[r_addr_q];
  end
endmodule
