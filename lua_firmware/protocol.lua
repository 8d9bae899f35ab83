-- What the host types and what the board prints: docs/elm11.md has the whole of it.
--
-- The host types   pw("SEQ OP arguments","crc")
-- The board prints @TAG SEQ arguments *crc       with a tag of k, n, h, r or e.

local P = pycwt

-- CRC-16 of the CCITT, polynomial 1021, start ffff.
local crcs = {}
for byte = 0, 255 do
  local crc = byte << 8
  for _ = 1, 8 do
    crc = crc << 1
    if crc & 0x10000 ~= 0 then crc = crc ~ 0x11021 end
  end
  crcs[byte] = crc
end

function P.crc(text)
  local crc = 0xffff
  for i = 1, #text do
    crc = (crc << 8 & 0xff00) ~ crcs[crc >> 8 ~ string.byte(text, i)]
  end
  return string.format("%04x", crc)
end

local function say(tag, ...)
  local body = table.concat({ tag, ... }, " ")
  print("@" .. body .. " *" .. P.crc(body))
end

-- Blocks of whole numbers that the host has sent, by number, and the one that is coming in.
local blocks, parts, filling = {}, {}, nil
-- The series of the last realisation, and which they are.
local x, y, known

local function take_part(seq, id, part, count, data)
  if id ~= filling then parts, filling = {}, id end
  parts[part + 1] = data
  if part + 1 == count then
    for i = 1, count do
      if not parts[i] then return say("n", seq, "parts") end
    end
    -- The parts are kept: if the answer is lost, the last one comes again.
    blocks[id] = P.read_numbers(table.concat(parts))
    if not blocks[id] then return say("n", seq, "digits") end
  end
  say("k", seq, id, part)
end

local function group_of(block)
  local g = { rows = {}, counted = {}, weights = {} }
  local at = 0
  local function take() at = at + 1; return block[at] end
  g.length, g.pad = take(), take()
  g.lag1, g.lag2, g.sd1, g.sd2 = take(), take(), take(), take()
  g.step, g.offset, g.points, g.end1, g.end2 = take(), take(), take(), take(), take()
  g.shift1, g.shift2, g.bins, g.first, g.last = take(), take(), take(), take(), take()
  g.own = take()
  local rows, counted, weights = take(), take(), take()
  for i = 1, weights do g.weights[i] = take() end
  for i = 1, rows do
    g.rows[i] = { taps = blocks[take()], window = blocks[take()] }
    if not (g.rows[i].taps and g.rows[i].window) then return nil end
  end
  for i = 1, counted do g.counted[i] = { take(), take() } end
  return g
end

local function draw(g, k0, k1, stream, number)
  local key = table.concat(
    { k0, k1, stream, number, g.length, g.pad, g.lag1, g.lag2, g.sd1, g.sd2 }, " ")
  if key ~= known then
    known = nil
    x, y = nil, nil
    x, y = P.series(g.length, g.pad, k0, k1, number, stream, g.lag1, g.lag2, g.sd1, g.sd2)
    known = key
  end
end

local function run(seq, id, k0, k1, stream, number)
  local g = blocks[id] and group_of(blocks[id])
  if not g then return say("n", seq, "block") end
  draw(g, k0, k1, stream, number)
  local points = 0
  P.coherence(g, x, y, function(row, bins)
    local start = points
    P.write_bins(bins, function(text)
      say("r", seq, row, points - start, text)
      points = points + #text // 2
    end)
  end)
  say("e", seq, points)
end

-- A word of 32 bits from its eight hexadecimal digits: tonumber would give some boards a double.
local function word(text)
  return (tonumber(string.sub(text, 1, 4), 16) << 16 | tonumber(string.sub(text, 5, 8), 16))
    & 0xffffffff
end

local function tables_crc()
  local text = {}
  for _, list in ipairs({ P.low, P.high, P.cosine }) do
    for i = 0, #list do text[#text + 1] = list[i] end
  end
  return P.crc(table.concat(text, " "))
end

function pw(text, crc)
  local seq = string.match(text, "^(%d+) ") or "0"
  if P.crc(text) ~= crc then return say("n", seq, "crc") end
  local f = {}
  for field in string.gmatch(text, "%S+") do f[#f + 1] = field end
  local op = f[2]
  if op == "H" then
    return say("h", seq, P.version or "-", tables_crc(), math.maxinteger > 0x7fffffff and 64 or 32)
  elseif op == "F" then
    blocks, parts, filling, known, x, y = {}, {}, nil, nil, nil, nil
    collectgarbage()
    return say("k", seq, math.floor(collectgarbage("count")))
  elseif op == "B" then
    return take_part(seq, tonumber(f[3]), tonumber(f[4]), tonumber(f[5]), f[6])
  elseif op == "R" then
    return run(seq, tonumber(f[3]), word(f[4]), word(f[5]), tonumber(f[6]), word(f[7]))
  end
  say("n", seq, "op")
end
