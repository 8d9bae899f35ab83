// Stand-in limits; see core.sv beside it.
package version;
  localparam int NUMERICS = 250, MAX_N = 1024, MAX_ROWS = 40, BINS = 128, MAX_TAPS = 64;
endpackage
