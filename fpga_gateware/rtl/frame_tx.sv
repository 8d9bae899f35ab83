// Frames for the line: bytes are pushed into the buffer one by one; `finish` puts the CRC behind
// them and sends it all.
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
    output logic         busy,
    output logic         we,
    output logic [W-1:0] w_addr,
    output logic [  7:0] w_data,
    output logic [W-1:0] r_addr,
    input  logic [  7:0] r_data,
    output logic [  7:0] data,
    output logic         valid,
    input  logic         ready
);
  logic [31:0] crc;
  logic [W-1:0] count;
  logic [2:0] tail;  // bytes of CRC that are still to be written
  logic [31:0] rest;  // of the CRC
  logic start, sending;

  crc32 check (
      .clk,
      .load(begin_frame || rst),
      .from(32'hFFFF_FFFF),
      .data(push_data),
      .valid(push),
      .ready(push_ready),
      .state(crc)
  );

  cobs_encode #(
      .W(W)
  ) encode (
      .clk,
      .rst,
      .start,
      .length(count),
      .busy(sending),
      .r_addr,
      .r_data,
      .data,
      .valid,
      .ready
  );

  wire writing = tail != 0;
  assign busy = writing || start || sending;
  assign we = (push && push_ready) || writing;
  assign w_addr = count;
  assign w_data = writing ? rest[7:0] : push_data;

  always_ff @(posedge clk) begin
    start <= 1'b0;
    if (rst) begin
      tail  <= 3'd0;
      count <= '0;
    end else if (begin_frame) count <= '0;
    else begin
      if (we) count <= count + 1'b1;
      if (finish) begin
        rest <= ~crc;
        tail <= 3'd4;
      end else if (writing) begin
        rest <= {8'd0, rest[31:8]};
        tail <= tail - 1'b1;
        start <= tail == 3'd1;
      end
    end
  end
endmodule
