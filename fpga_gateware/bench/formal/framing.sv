// Of a frame of which a byte was lost, or came while the buffer was in use, nothing is ever told;
// the buffer isn't written while it is in use; and after every delimiter all is as after a reset.
module framing (
    input logic clk,
    input logic rst,
    input logic valid_in,
    input logic bad_in,
    input logic hold,
    input logic [7:0] data
);
  // Bytes are at least ten cycles apart.
  logic [3:0] since = 4'd0;
  wire free = since == 4'd0;
  wire valid = valid_in && free, bad = bad_in && free && !valid_in;
  logic we, frame, damaged;
  logic [8:0] w_addr, length;
  logic [7:0] w_data;
  frame_rx dut (
      .clk,
      .rst,
      .data,
      .valid,
      .bad,
      .hold,
      .we,
      .w_addr,
      .w_data,
      .frame,
      .length,
      .damaged
  );

  logic lost = 1'b0, told_lost = 1'b0, told_held = 1'b0, fresh = 1'b0;
  wire delimiter = valid && data == 8'd0;
  always_ff @(posedge clk) begin
    since <= valid || bad ? 4'd9 : free ? since : since - 1'b1;
    told_lost <= lost;
    told_held <= hold;
    fresh <= delimiter && !rst;
    if (rst || delimiter) lost <= 1'b0;
    else if (bad || (valid && hold)) lost <= 1'b1;
    if (!rst) begin
      assert (!(we && hold));
      assert (!(we && lost));
      assert (!(frame && (told_lost || told_held)));
      assert (!(frame && damaged));
      assert (!lost || dut.spoiled);
      if (fresh) assert (!dut.spoiled && !dut.any && dut.count == 0 && dut.decode.left == 8'd1 && !dut.decode.owed);
    end
  end
endmodule
