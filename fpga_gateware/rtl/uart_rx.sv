// Serial receiver, 8N1, least significant bit first.
//
// A bit is DIV clocks long and taken in its middle; where it begins is found within one clock, so
// that clocks may differ by 4 %. A byte without its stop bit is told as `bad`: after it, as after a
// break, the line has to be idle before a byte may begin.
module uart_rx #(
    parameter int DIV = 54
) (
    input  logic       clk,
    input  logic       rst,
    input  logic       rxd,
    output logic [7:0] data,
    output logic       valid,  // one cycle: data is a byte
    output logic       bad     // one cycle: something came that is no byte
);
  localparam int W = $clog2(DIV) + 1;
  localparam logic [W-1:0] WHOLE = W'(DIV - 1);
  localparam logic [W-1:0] HALF = W'(DIV / 2 - 1);

  typedef enum logic [1:0] {
    BROKEN,
    IDLE,
    BITS
  } state_t;
  state_t state;
  logic [1:0] sync;
  logic [W-1:0] wait_for;
  logic [3:0] place;  // 0: start bit, 1 to 8: data, 9: stop bit
  wire line = sync[1];

  always_ff @(posedge clk) begin
    sync <= {sync[0], rxd};
    valid <= 1'b0;
    bad <= 1'b0;
    if (rst) begin
      sync  <= 2'b11;
      state <= BROKEN;
    end else begin
      case (state)
        IDLE:
        if (!line) begin
          state <= BITS;
          wait_for <= HALF;
          place <= 4'd0;
        end
        BITS:
        if (wait_for != 0) wait_for <= wait_for - 1'b1;
        else begin
          wait_for <= WHOLE;
          place <= place + 1'b1;
          if (place == 4'd0) begin
            // A glitch shorter than half a bit is nothing.
            if (line) state <= IDLE;
          end else if (place != 4'd9) data <= {line, data[7:1]};
          else begin
            valid <= line;
            bad   <= !line;
            state <= line ? IDLE : BROKEN;
          end
        end
        default: if (line) state <= IDLE;
      endcase
    end
  end

`ifdef FORMAL
  // Whatever was on the line: when it has been high for eleven bits, a byte may begin.
  localparam int CALM = 11 * DIV + 4;
  logic [$clog2(CALM+1)-1:0] high = '0;
  logic begun = 1'b0;
  always_ff @(posedge clk) begin
    if (!rxd || rst) high <= '0;
    else if (high != CALM) high <= high + 1'b1;
    assert (high != CALM || state == IDLE);
    begun <= 1'b1;
    assert (!begun || !(valid && bad));
  end
`endif
endmodule
