// A stand-in for the core, for the benches of the shell alone: the ports, and a histogram that
// nobody could take for another one's.
//
// Configuration word 0 is the number of rows, word 1 the cycles a realisation takes. Every
// realisation k adds 1 to bin (k + row + seed + word 2) mod BINS of each row.
module core #(
    parameter int LANES = 2
) (
    input  logic        clk,
    input  logic        rst,
    input  logic        cfg_we,
    input  logic [15:0] cfg_addr,
    input  logic [31:0] cfg_data,
    input  logic        run,
    input  logic        abort,
    input  logic [63:0] seed,
    input  logic [31:0] first,
    input  logic [31:0] count,
    output logic        busy,
    output logic [31:0] done,
    output logic        overflow,
    input  logic [15:0] hist_addr,
    output logic [31:0] hist_data
);
  logic [31:0] rows, cycles, tag;
  logic [31:0] memory[8192];
  logic clearing, counting;
  logic [31:0] at, spent, number;
  logic [15:0] hist_addr_q;
  wire [6:0] bin = 7'(number + at + seed[31:0] + seed[63:32] + tag);
  wire [12:0] cell_at = {at[5:0], bin};
  wire unused = &{1'b0, hist_addr_q[15:13], LANES};

  assign busy = clearing || counting;
  assign number = first + done;

  always_ff @(posedge clk) begin
    hist_addr_q <= hist_addr;
    hist_data   <= memory[hist_addr_q[12:0]];
    if (cfg_we) begin
      if (cfg_addr == 16'd0) rows <= cfg_data;
      else if (cfg_addr == 16'd1) cycles <= cfg_data;
      else if (cfg_addr == 16'd2) tag <= cfg_data;
    end
    if (rst) begin
      clearing <= 1'b0;
      counting <= 1'b0;
      overflow <= 1'b0;
      done <= '0;
    end else if (abort) begin
      clearing <= 1'b0;
      counting <= 1'b0;
    end else if (!busy) begin
      if (run) begin
        clearing <= 1'b1;
        at <= '0;
        done <= '0;
        overflow <= 1'b0;
      end
    end else if (clearing) begin
      memory[at[12:0]] <= '0;
      at <= at + 1'b1;
      if (at == 32'd8191) begin
        clearing <= 1'b0;
        counting <= 1'b1;
        at <= '0;
        spent <= '0;
      end
    end else if (at != rows) begin
      memory[cell_at] <= memory[cell_at] + 1'b1;
      at <= at + 1'b1;
    end else if (spent < cycles) spent <= spent + 1'b1;
    else begin
      at <= '0;
      spent <= '0;
      done <= done + 1'b1;
      counting <= done + 1'b1 != count;
    end
  end
endmodule
