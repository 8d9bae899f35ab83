// What HELLO tells of the core. NUMERICS changes whenever a single count does; it is
// NUMERICS_VERSION of pycwtd_drivers/tang_nano_9k/fixed/limits.py.
`ifndef VERSION_SVH
`define VERSION_SVH
/* verilator lint_off UNUSEDPARAM */
package version;
  localparam int NUMERICS = 1;
  localparam int MAX_N = 1024;
  localparam int MAX_ROWS = 40;
  localparam int BINS = 128;
  localparam int MAX_TAPS = 1024;
endpackage
/* verilator lint_on UNUSEDPARAM */
`endif
