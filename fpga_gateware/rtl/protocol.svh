// Numbers of the line protocol; see ../README.md.
package protocol;
  localparam logic [7:0] PROTOCOL = 8'd1;

  typedef enum logic [7:0] {
    HELLO = 8'h01,
    CONFIG = 8'h02,
    CONFIG_BEGIN = 8'h03,
    RUN = 8'h04,
    STATUS = 8'h05,
    RESULT = 8'h06,
    ABORT = 8'h07,
    SELFTEST = 8'h08
  } request_t;

  // Why a request is refused.
  typedef enum logic [7:0] {
    UNKNOWN = 8'd1,
    MALFORMED = 8'd2,
    BUSY = 8'd3,
    NO_UNIT = 8'd4,
    UNCONFIGURED = 8'd5,
    NO_ROW = 8'd6,
    OTHER_PROTOCOL = 8'd7
  } reason_t;

  // What a unit is doing.
  typedef enum logic [2:0] {
    NONE = 3'd0,
    RUNNING = 3'd1,
    DONE = 3'd2,
    ABORTED = 3'd3,
    FAILED = 3'd4
  } unit_t;
endpackage
