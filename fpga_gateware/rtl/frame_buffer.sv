// The memory of a request and of its answer: 2,048 bytes, one block of memory.
//
// The request lies in the first 512 bytes, the answer in the second half. Between them, in bytes
// 518 to 541, is what HELLO always says. What is read comes three cycles after its address:
// addresses and data are registered, as the placer's clock analysis doesn't look into the block.
module frame_buffer #(
    parameter logic [191:0] HELLO = '0  // the first byte lowest
) (
    input  logic        clk,
    input  logic        we,
    input  logic [10:0] w_addr,
    input  logic [ 7:0] w_data,
    input  logic [10:0] r_addr,
    output logic [ 7:0] r_data
);
  logic [7:0] memory[2048];
  initial begin
    for (int i = 0; i < 2048; i++) memory[i] = 8'd0;
    for (int i = 0; i < 24; i++) memory[518+i] = HELLO[8*i+:8];
  end

  logic we_q;
  logic [10:0] w_addr_q, r_addr_q;
  logic [7:0] w_data_q, r_data_q;
  always_ff @(posedge clk) begin
    {we_q, w_addr_q, w_data_q, r_addr_q} <= {we, w_addr, w_data, r_addr};
    if (we_q) memory[w_addr_q] <= w_data_q;
    r_data_q <= memory[r_addr_q];
    r_data   <= r_data_q;
  end
endmodule
