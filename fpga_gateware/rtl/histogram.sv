// Counts, 18 bits each: cleared, counted up, read.
module histogram (
    input  logic        clk,
    input  logic        halt,
    input  logic        clear,     // one cycle: begins clearing
    output logic        clearing,
    input  logic        count,     // one cycle, at least five apart
    input  logic [ 5:0] row,
    input  logic [ 6:0] bin,
    output logic        overflow,  // a bin was full; until the next clear
    output logic        idle,
    input  logic        reading,   // nothing is counted: addr is the reader's
    input  logic [12:0] addr,
    output logic [17:0] data       // two cycles after addr
);
  localparam int SIZE = version::MAX_ROWS * version::BINS;

  logic we;
  logic [12:0] w_addr, r_addr;
  logic [17:0] w_data;
  logic [2:0] step;

  ram #(
      .WIDTH(18),
      .DEPTH(SIZE)
  ) counts (
      .clk,
      .we,
      .w_addr,
      .w_data,
      .r_addr,
      .r_data(data)
  );

  assign idle = !clearing && step == 3'd0 && !we;

  always_ff @(posedge clk) begin
    we <= 1'b0;
    if (reading) r_addr <= addr;

    if (clear) begin
      clearing <= 1'b1;
      overflow <= 1'b0;
      w_addr <= 13'd0;
      w_data <= 18'd0;
      we <= 1'b1;
      step <= 3'd0;
    end else if (halt) begin
      clearing <= 1'b0;
      step <= 3'd0;
    end else if (clearing) begin
      if (w_addr == 13'(SIZE - 1)) clearing <= 1'b0;
      else begin
        w_addr <= w_addr + 13'd1;
        we <= 1'b1;
      end
    end else if (count) begin
      r_addr <= {row, bin};
      step   <= 3'd1;
    end else
      case (step)
        3'd0: ;
        3'd2: begin
          w_addr <= r_addr;
          w_data <= &data ? data : data + 18'd1;
          overflow <= overflow || &data;
          we <= 1'b1;
          step <= 3'd0;
        end
        default: step <= step + 3'd1;
      endcase
  end
endmodule
