// Frames from the line: decoded, checked, and laid into the buffer.
//
// A frame is told only when it is whole, fits, and its CRC is right; of any other nothing is told,
// and the next one is taken as if it had never been. While `hold` is high nothing is stored; a
// frame of which a single byte came then is lost.
module frame_rx #(
    parameter int ROOM = 512  // bytes of a frame at most, a power of two
) (
    input  logic                    clk,
    input  logic                    rst,
    input  logic [             7:0] data,
    input  logic                    valid,   // at least 10 cycles from one to the next
    input  logic                    bad,     // something came that is no byte
    input  logic                    hold,
    output logic                    we,
    output logic [$clog2(ROOM)-1:0] w_addr,
    output logic [             7:0] w_data,
    output logic                    frame,   // one cycle: a good frame is in the buffer
    output logic [$clog2(ROOM)-1:0] length,  // bytes of its header and payload
    output logic                    damaged  // one cycle: a frame came that isn't good
);
  localparam int W = $clog2(ROOM);
  // Six bytes of header, four of CRC.
  localparam logic [W-1:0] LEAST = W'(10);

  logic out_valid, over, cut;
  logic [7:0] out_data;
  cobs_decode decode (
      .clk,
      .rst,
      .in_valid(valid),
      .in_data(data),
      .out_valid,
      .out_data,
      .over,
      .cut
  );

  logic [31:0] crc;
  // Always ready, as bytes are further apart than it takes.
  /* verilator lint_off PINCONNECTEMPTY */
  crc32 check (
      .clk,
      .init(rst || over),
      .flush(1'b0),
      .data(out_data),
      .valid(out_valid),
      .ready(),
      .state(crc)
  );
  /* verilator lint_on PINCONNECTEMPTY */

  logic spoiled;  // this frame is lost already
  logic any;  // something of it came
  logic [W-1:0] count;

  assign we = out_valid && !hold && !spoiled;
  assign w_addr = count;
  assign w_data = out_data;

  always_ff @(posedge clk) begin
    frame   <= 1'b0;
    damaged <= 1'b0;
    if (rst) begin
      spoiled <= 1'b0;
      any <= 1'b0;
      count <= '0;
    end else if (over) begin
      spoiled <= 1'b0;
      any <= 1'b0;
      count <= '0;
      length <= count - W'(4);
      if (!hold && !spoiled && !cut && count >= LEAST && crc == 32'hDEBB_20E3) frame <= 1'b1;
      else damaged <= any;
    end else begin
      if (bad || valid) any <= 1'b1;
      if (bad || (valid && hold)) spoiled <= 1'b1;
      if (out_valid) begin
        count <= count + 1'b1;
        if (&count) spoiled <= 1'b1;
      end
    end
  end

`ifdef FORMAL
  // Of a frame of which a byte was lost, or came while the buffer was in use, nothing is told; the
  // buffer isn't written while it is in use; a delimiter leaves everything as a reset does.
  logic lost = 1'b0, was_lost = 1'b0, was_held = 1'b0, fresh = 1'b0, begun = 1'b0;
  always_ff @(posedge clk) begin
    begun <= begun || rst;
    was_lost <= lost;
    was_held <= hold;
    fresh <= over || rst;
    if (rst || over) lost <= 1'b0;
    else if (bad || (valid && hold)) lost <= 1'b1;
    if (begun) begin
      assert (!lost || spoiled);
      assert (!(we && (hold || lost)));
      assert (!(frame && (was_lost || was_held || damaged)));
      assert (!fresh || (!spoiled && !any && count == 0 && !cut));
    end
  end
`endif
endmodule
