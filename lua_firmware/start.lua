-- The table that everything lives in. Loading the firmware again starts afresh.

-- On the board most functions are there only after they were imported.
if import then import("all") end

pycwt = {}
