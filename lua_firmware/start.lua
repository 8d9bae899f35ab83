-- The table that everything lives in. Loading the firmware again starts afresh.

-- On the board most functions are there only after they were imported.
if import then import("all") end

-- The heap is small: what is garbage is collected when it is a fifth of the rest.
collectgarbage("incremental", 120)

pycwt = {}
