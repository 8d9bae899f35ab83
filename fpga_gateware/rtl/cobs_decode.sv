// Consistent overhead byte stuffing (Cheshire and Baker 1999), decoded as the bytes come.
//
// Every byte in gives at most one byte out, in the same cycle.
module cobs_decode (
    input  logic       clk,
    input  logic       rst,
    input  logic       in_valid,
    input  logic [7:0] in_data,
    output logic       out_valid,
    output logic [7:0] out_data,
    output logic       over,       // the frame ends here
    output logic       cut         // with `over`: in the middle of a block
);
  logic [7:0] left;  // bytes of this block that are still to come, and one
  logic owed;  // a zero stands between this block and the next one

  wire delimiter = in_data == 8'd0;
  wire code = left == 8'd1;

  assign over = in_valid && delimiter;
  assign cut = !code;
  assign out_valid = in_valid && !delimiter && (!code || owed);
  assign out_data = code ? 8'd0 : in_data;

  always_ff @(posedge clk) begin
    if (rst || over) begin
      left <= 8'd1;
      owed <= 1'b0;
    end else if (in_valid) begin
      if (code) begin
        left <= in_data;
        owed <= in_data != 8'hFF;
      end else left <= left - 1'b1;
    end
  end
endmodule
