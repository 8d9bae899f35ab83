// Threefry2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
// two rounds a cycle: 16 cycles from start to done.
module threefry (
    input  logic        clk,
    input  logic        halt,
    input  logic        start,   // one cycle; ignored while it works
    input  logic [63:0] key,     // low word first; must stay
    input  logic [31:0] c0,
    input  logic [31:0] c1,
    output logic [31:0] x0,
    output logic [31:0] x1,
    output logic        done     // one cycle: x0 and x1 are there, until the next start
);
  logic       busy;
  logic [2:0] group;  // of four rounds, 0 to 4
  logic [1:0] phase;  // two rounds, two rounds, key
  logic [1:0] turn;   // which of the key's three words comes next

  wire [31:0] k0 = key[31:0];
  wire [31:0] k1 = key[63:32];
  wire [31:0] k2 = k0 ^ k1 ^ 32'h1BD11BDA;
  wire [31:0] key_a = turn == 2'd0 ? k0 : turn == 2'd1 ? k1 : k2;
  wire [31:0] key_b = turn == 2'd0 ? k1 : turn == 2'd1 ? k2 : k0;

  logic [31:0] sum_a, sum_b, mixed_a, mixed_b, turned_a, turned_b;

  // Rotations 13 15 26 6 of the even groups, 17 29 16 24 of the odd ones.
  always_comb begin
    case ({group[0], phase[0]})
      2'b00: turned_a = {x1[18:0], x1[31:19]};
      2'b01: turned_a = {x1[5:0], x1[31:6]};
      2'b10: turned_a = {x1[14:0], x1[31:15]};
      default: turned_a = {x1[15:0], x1[31:16]};
    endcase
    sum_a = x0 + x1;
    mixed_a = turned_a ^ sum_a;
    case ({group[0], phase[0]})
      2'b00: turned_b = {mixed_a[16:0], mixed_a[31:17]};
      2'b01: turned_b = {mixed_a[25:0], mixed_a[31:26]};
      2'b10: turned_b = {mixed_a[2:0], mixed_a[31:3]};
      default: turned_b = {mixed_a[7:0], mixed_a[31:8]};
    endcase
    sum_b = sum_a + mixed_a;
    mixed_b = turned_b ^ sum_b;
  end

  always_ff @(posedge clk) begin
    done <= 1'b0;
    if (halt) busy <= 1'b0;
    else if (!busy) begin
      if (start) begin
        x0 <= c0 + k0;
        x1 <= c1 + k1;
        group <= 3'd0;
        phase <= 2'd0;
        turn <= 2'd1;
        busy <= 1'b1;
      end
    end else if (phase != 2'd2) begin
      x0 <= sum_b;
      x1 <= mixed_b;
      phase <= phase + 2'd1;
    end else begin
      x0 <= x0 + key_a;
      x1 <= x1 + key_b + {29'd0, group} + 32'd1;
      phase <= 2'd0;
      group <= group + 3'd1;
      turn <= turn == 2'd2 ? 2'd0 : turn + 2'd1;
      if (group == 3'd4) begin
        busy <= 1'b0;
        done <= 1'b1;
      end
    end
  end
endmodule
