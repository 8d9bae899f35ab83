-- What the host types and what the board prints: docs/elm11.md has the whole of it.
--
-- The host types   pw"SEQ OP arguments crc"
-- The board prints @TAG SEQ arguments *crc       with a tag of k, n, h, r or e.

local P = pycwt

-- CRC-32 of IEEE 802.3, in six digits of base 64. A line with 1 % of its bytes damaged must not pass.
local crcs = {}
for byte = 0, 255 do
  local crc = byte
  for _ = 1, 8 do
    crc = crc & 1 == 1 and crc >> 1 ~ 0xedb88320 or crc >> 1
  end
  crcs[byte] = crc & 0xffffffff
end

function P.crc(text)
  local crc = 0xffffffff
  for i = 1, #text do
    crc = crc >> 8 ~ crcs[(crc ~ string.byte(text, i)) & 0xff]
  end
  crc = (crc ~ 0xffffffff) & 0xffffffff
  local out = {}
  for shift = 30, 0, -6 do out[#out + 1] = P.digit[crc >> shift & 63] end
  return table.concat(out)
end

local function say(tag, ...)
  local body = table.concat({ tag, ... }, " ")
  print("@" .. body .. " *" .. P.crc(body))
end

-- Blocks of whole numbers that the host has sent, by number; the one that is coming in, and the
-- pieces of its text, which has so many characters.
local blocks, filling, pieces, have = {}, nil, {}, 0
-- The series of the last realisation, and which they are.
local x, y, known
-- The bins of the last group as text, row by row, and what the host calls it.
local kept, kept_key

-- Pieces come in order. One that came already, or that leaves a gap, changes nothing: the answer
-- says how much is there.
local function take_piece(seq, id, start, total, data)
  if id ~= filling then filling, pieces, have = id, {}, 0 end
  if start == have and have < total then
    pieces[#pieces + 1] = data
    have = have + #data
    if have == total then
      blocks[id] = P.read_numbers(table.concat(pieces))
      if not blocks[id] then
        filling = nil
        return say("n", seq, "digits")
      end
      pieces = {}
    end
  end
  say("k", seq, id, have)
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

-- Some bins of a row, in lines of so many.
local function show(seq, row, first, last, width)
  local text = kept[row] or ""
  for start = first, last - 1, width do
    local stop = math.min(start + width, last)
    say("r", seq, row, start, string.sub(text, 2 * start + 1, 2 * stop))
  end
  return last - first
end

-- A group that was computed already is shown again.
local function run(seq, key, width, id, k0, k1, stream, number)
  if key ~= kept_key then
    kept, kept_key = nil, nil
    local g = blocks[id] and group_of(blocks[id])
    if not g then return say("n", seq, "block") end
    draw(g, k0, k1, stream, number)
    local rows = {}
    for row = 0, #g.counted - 1 do rows[row] = "" end
    kept = rows
    local points = 0
    P.coherence(g, x, y, function(row, bins)
      rows[row] = P.write_bins(bins)
      points = points + show(seq, row, 0, #bins, width)
    end)
    kept_key = key
    return say("e", seq, points)
  end
  local points = 0
  for row = 0, #kept do points = points + show(seq, row, 0, #kept[row] // 2, width) end
  say("e", seq, points)
end

local function again(seq, key, width, row, first, last)
  if key ~= kept_key then return say("n", seq, "key") end
  say("e", seq, show(seq, row, first, last, width))
end

-- A word of 32 bits from its eight hexadecimal digits: tonumber would give some boards a double.
local function word(text)
  text = string.sub("0000000" .. text, -8)
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

function pw(line)
  local text, crc = string.match(line, "^(.*) (%S+)$")
  local seq = string.match(line, "^(%d+) ") or "0"
  if not text or P.crc(text) ~= crc then return say("n", seq, "crc") end
  local f = {}
  for field in string.gmatch(text, "%S+") do f[#f + 1] = field end
  local op = f[2]
  if op == "H" then
    return say("h", seq, P.version or "-", tables_crc(), math.maxinteger > 0x7fffffff and 64 or 32)
  elseif op == "F" then
    blocks, filling, known, x, y, kept, kept_key = {}, nil, nil, nil, nil, nil, nil
    collectgarbage()
    return say("k", seq, math.floor(collectgarbage("count")))
  end
  local n = {}
  for i = 3, #f do n[i - 2] = tonumber(f[i]) end
  if op == "B" then
    return take_piece(seq, n[1], n[2], n[3], f[6])
  elseif op == "R" then
    return run(seq, n[1], n[2], n[3], word(f[6]), word(f[7]), n[6], word(f[9]))
  elseif op == "L" then
    return again(seq, n[1], n[2], n[3], n[4], n[5])
  end
  say("n", seq, "op")
end
