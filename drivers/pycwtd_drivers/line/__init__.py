"""The host's side of a serial line to a board: ports, frames, requests, transfers.

Nothing here knows a board. From the wire upwards:

- :mod:`.port`: which port, opening it, bytes in and out;
- :mod:`.frame`: COBS, header, CRC-32; what is damaged is told from what is whole;
- :mod:`.messages`: what requests and answers say;
- :mod:`.link`: one request at a time, asked until its own answer is there;
- :mod:`.board`: handshake, configuration, units of work; each goes on where it stopped;
- :mod:`.counters`: what happened on the line;
- :mod:`.settings` and :mod:`.absence`: what operators set of every such board, and waiting for one
  that was unplugged;
- :mod:`.simulator`: a board behind a pseudo terminal, on a line that is as bad as wanted.

:mod:`pycwtd_drivers.elm11`, whose board has a prompt and no frames, uses all that isn't about
frames.
"""
