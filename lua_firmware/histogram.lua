-- How bins travel: two characters each, in the order of the points.
--
-- A histogram of 25 scales and 1,000 bins would take 400 kB here, and 25,000 counts are more bytes
-- on the line than the bins of the points of one realisation. So the host counts.

local P = pycwt
local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local digit, value = {}, {}
for i = 0, 63 do
  local byte = string.byte(DIGITS, i + 1)
  digit[i], value[byte] = string.char(byte), i
end

P.digit = digit

-- The text of some bins.
function P.write_bins(bins)
  local text = {}
  for i = 1, #bins do
    text[2 * i - 1] = digit[bins[i] >> 6]
    text[2 * i] = digit[bins[i] & 63]
  end
  return table.concat(text)
end

-- The whole numbers of a text of three characters each; nil if there is another character.
function P.read_numbers(text)
  local numbers = {}
  for i = 1, #text - 2, 3 do
    local a, b, c = string.byte(text, i, i + 2)
    a, b, c = value[a], value[b], value[c]
    if not (a and b and c) then return nil end
    numbers[#numbers + 1] = (a << 12 | b << 6 | c) - 131072
  end
  return numbers
end
