// Frames for the line: bytes are pushed one by one and stuffed on their way into the buffer;
// `finish` puts the CRC behind them and sends it all.
//
// A block's code is written where the block begins, once its end is known.
module frame_tx #(
    parameter int W = 10
) (
    input  logic         clk,
    input  logic         rst,
    input  logic         begin_frame,  // one cycle, before the first byte
    input  logic [  7:0] push_data,
    input  logic         push,
    output logic         push_ready,   // a byte is taken where push and push_ready are high
    input  logic         finish,       // one cycle, with push_ready high
    output logic         busy,         // from `finish` on, until all is sent
    output logic         we,
    output logic [W-1:0] w_addr,
    output logic [  7:0] w_data,
    output logic [W-1:0] r_addr,
    input  logic [  7:0] r_data,       // three cycles after its address
    output logic [  7:0] data,
    output logic         valid,
    input  logic         ready
);
  logic [31:0] crc;
  logic [2:0] tail;  // bytes of CRC that are still to come, and one for the last code
  logic [W-1:0] code_at, end_at;
  logic [7:0] code;  // bytes of the block, with its code
  logic code_due;

  wire in_tail = tail != 0;
  wire last = tail == 3'd1;
  wire [7:0] next = in_tail ? ~crc[7:0] : push_data;
  wire take = push_ready && (in_tail ? !code_due && !last : push);
  wire zero = next == 8'd0;
  wire unused = &{1'b0, crc[31:8]};

  crc32 check (
      .clk,
      .init(begin_frame),
      .flush(in_tail),
      .data(push_data),
      .valid(take),
      .ready(push_ready),
      .state(crc)
  );

  assign we = code_due || (take && !zero);
  assign w_addr = code_due ? code_at : end_at;
  assign w_data = code_due ? code : next;

  always_ff @(posedge clk) begin
    if (begin_frame) begin
      code_at <= '0;
      end_at <= W'(1);
      code <= 8'd1;
      code_due <= 1'b0;
    end else if (code_due) begin
      code_at <= end_at;
      end_at <= end_at + 1'b1;
      code <= 8'd1;
      code_due <= 1'b0;
    end else begin
      if (take && !zero) begin
        end_at <= end_at + 1'b1;
        code   <= code + 1'b1;
      end
      code_due <= (last && !code_due) || (take && (zero || code == 8'd254));
    end
    if (rst) tail <= 3'd0;
    else if (finish) tail <= 3'd5;
    else if (in_tail && (take || (last && !code_due))) tail <= tail - 1'b1;
  end

  // The last code's cycle has moved code_at behind the last byte.
  typedef enum logic [1:0] {
    IDLE,
    PREPARE,
    SEND,
    DELIMITER
  } state_t;
  state_t state;
  logic [1:0] pause;  // until r_data is of r_addr
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
          if (finish) state <= PREPARE;
        end
        PREPARE:
        if (!in_tail && !code_due) begin
          state <= SEND;
          pause <= 2'd3;
        end
        SEND: begin
          valid <= 1'b1;
          if (r_addr == code_at) begin
            data  <= 8'd0;
            state <= DELIMITER;
          end else begin
            data   <= r_data;
            r_addr <= r_addr + 1'b1;
            pause  <= 2'd3;
          end
        end
        default: state <= IDLE;
      endcase
  end
endmodule
