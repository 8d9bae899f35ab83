// Sends `length` bytes of the buffer, stuffed, and the delimiter behind them.
//
// Before each block the buffer is searched for the block's end, two cycles a byte and more, which
// is as fast as the line or nearly so.
module cobs_encode #(
    parameter int W = 10
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         start,   // one cycle
    input  logic [W-1:0] length,
    output logic         busy,
    output logic [W-1:0] r_addr,
    input  logic [  7:0] r_data,  // two cycles after its address
    output logic [  7:0] data,
    output logic         valid,
    input  logic         ready
);
  typedef enum logic [2:0] {
    IDLE,
    SEARCH,
    CODE,
    BLOCK,
    DELIMITER,
    LAST
  } state_t;
  state_t state;
  logic [1:0] pause;  // until r_data is of r_addr
  logic [W-1:0] from;  // where the block begins
  logic [7:0] run;  // bytes of it
  wire at_end = r_addr == length;
  wire zero = r_data == 8'd0;

  assign busy = state != IDLE;

  always_ff @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
      valid <= 1'b0;
    end else if (valid) begin
      // What is offered stays until it is taken.
      if (ready) valid <= 1'b0;
    end else if (pause != 0) pause <= pause - 1'b1;
    else
      case (state)
        IDLE: begin
          r_addr <= '0;
          from <= '0;
          run <= 8'd0;
          if (start) begin
            state <= SEARCH;
            pause <= 2'd2;
          end
        end
        SEARCH:
        if (at_end || zero || run == 8'd254) state <= CODE;
        else begin
          r_addr <= r_addr + 1'b1;
          run <= run + 1'b1;
          pause <= 2'd2;
        end
        CODE: begin
          data   <= run + 1'b1;
          valid  <= 1'b1;
          r_addr <= from;
          pause  <= 2'd2;
          state  <= BLOCK;
        end
        BLOCK:
        if (run != 0) begin
          data <= r_data;
          valid <= 1'b1;
          run <= run - 1'b1;
          r_addr <= r_addr + 1'b1;
          pause <= 2'd2;
        end else begin
          // `data` is still the block's code or its last byte; a full block has no zero behind it.
          pause <= 2'd2;
          run <= 8'd0;
          if (at_end) state <= DELIMITER;
          else begin
            r_addr <= r_addr + W'(!full);
            from   <= r_addr + W'(!full);
            state  <= SEARCH;
          end
        end
        DELIMITER: begin
          data  <= 8'd0;
          valid <= 1'b1;
          state <= LAST;
        end
        default: state <= IDLE;
      endcase
  end

  // Whether the block had 254 bytes.
  logic full;
  always_ff @(posedge clk) if (state == CODE) full <= run == 8'd254;
endmodule
