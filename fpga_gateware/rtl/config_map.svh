// Where the configuration's words lie: the upper digits of their addresses.
`ifndef CONFIG_MAP_SVH
`define CONFIG_MAP_SVH
/* verilator lint_off UNUSEDPARAM */
package config_map;
  localparam logic [5:0] REGISTERS = 6'h00;   // 0x0000
  localparam logic [5:0] GROUPS = 6'h04;      // 0x1000: first tap and number of taps, less one
  localparam logic [5:0] WINDOWS_OF = 6'h08;  // 0x2000: first weight and half width
  localparam logic [5:0] OUTSIDE = 6'h0c;     // 0x3000: points outside the cone, row near the ends
  localparam logic [5:0] INNER = 6'h0d;       // 0x3400: points beyond, and their row
  localparam logic [5:0] WEIGHTS = 6'h10;     // 0x4000: of the smoothing over scales
  localparam logic [5:0] WINDOWS = 6'h14;     // 0x5000
  // 0x8000 + lane * 0x800: taps
endpackage
/* verilator lint_on UNUSEDPARAM */
`endif
