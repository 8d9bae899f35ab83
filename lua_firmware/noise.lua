-- The random numbers of a realisation and the red noise made of them, in whole numbers.
--
-- Threefry2x32 with 20 rounds (Salmon et al. 2011): stateless, so that any realisation can be
-- computed at any time. All words are masked to 32 bits, and shifted right only when they are:
-- integers of 32 bits and of 64 bits give the same.

local P = pycwt
local MASK = 0xffffffff

-- Two words of a key (k0, k1) and a counter (c0, c1).
function P.threefry(k0, k1, c0, c1)
  local k2 = k0 ~ k1 ~ 0x1BD11BDA
  local x0, x1 = (c0 + k0) & MASK, (c1 + k1) & MASK
  for group = 1, 5 do
    if group & 1 == 1 then
      x0 = (x0 + x1) & MASK; x1 = (x1 << 13 | x1 >> 19) & MASK ~ x0
      x0 = (x0 + x1) & MASK; x1 = (x1 << 15 | x1 >> 17) & MASK ~ x0
      x0 = (x0 + x1) & MASK; x1 = (x1 << 26 | x1 >> 6) & MASK ~ x0
      x0 = (x0 + x1) & MASK; x1 = (x1 << 6 | x1 >> 26) & MASK ~ x0
    else
      x0 = (x0 + x1) & MASK; x1 = (x1 << 17 | x1 >> 15) & MASK ~ x0
      x0 = (x0 + x1) & MASK; x1 = (x1 << 29 | x1 >> 3) & MASK ~ x0
      x0 = (x0 + x1) & MASK; x1 = (x1 << 16 | x1 >> 16) & MASK ~ x0
      x0 = (x0 + x1) & MASK; x1 = (x1 << 24 | x1 >> 8) & MASK ~ x0
    end
    k0, k1, k2 = k1, k2, k0
    x0, x1 = (x0 + k0) & MASK, (x1 + k1 + group) & MASK
  end
  return x0, x1
end

-- Box and Muller's radius sqrt(-2 ln u), times 2^12, at u(j) = 2^-e (1 + seg/16) / 2 with
-- j = 16 e - seg, and at 1 - u(j); and 512 cosines of a turn, times 2^14. No entry lies so close to
-- a half that the last digit of a logarithm could decide: the tables are the same everywhere.
local low, high, cosine = {}, {}, {}
for j = 0, 448 do
  local e = (j + 15) // 16
  local u = (1 + (16 * e - j) / 16) / 2
  for _ = 1, e do u = u / 2 end
  low[j] = math.floor(4096 * math.sqrt(-2 * math.log(u)) + 0.5)
  high[j] = math.floor(4096 * math.sqrt(-2 * math.log(1 - u)) + 0.5)
end
for i = 0, 512 do
  cosine[i] = math.floor(16384 * math.cos(2 * math.pi * i / 512) + 0.5)
end
P.low, P.high, P.cosine = low, high, cosine

-- Two normal numbers, times 2^12, from two words.
function P.normals(w0, w1)
  local radii, m = low, w0
  if w0 & 0x80000000 ~= 0 then radii, m = high, ~w0 & MASK end
  local e = 1
  while e < 28 and m & 0x40000000 == 0 do m = m << 1; e = e + 1 end
  local j = 16 * e - (m >> 26 & 15)
  local a = radii[j]
  local radius = a + (radii[j - 1] - a) * (m >> 18 & 255) // 256
  local i, part = w1 >> 23, w1 >> 15 & 255
  a = cosine[i]
  local c = a + (cosine[i + 1] - a) * part // 256
  i = i + 384 & 511
  a = cosine[i]
  local s = a + (cosine[i + 1] - a) * part // 256
  return radius * c // 16384, radius * s // 16384
end

local function limited(v)
  if v > 32767 then return 32767 end
  if v < -32767 then return -32767 end
  return v
end

local function centred(x, base, length, sum)
  local mean = (sum + length // 2) // length
  for t = base, base + length - 1 do x[t] = limited(x[t] - mean) end
end

-- A pair of stationary AR(1) series of the standard deviation 4000, without their means, between
-- pad zeros on either side: sample t is element pad + 1 + t. lag1 and lag2 are in 2^-15, sd1 and
-- sd2 the innovations' standard deviations.
function P.series(length, pad, k0, k1, number, stream, lag1, lag2, sd1, sd2)
  local x, y = {}, {}
  for i = 1, pad do x[i], y[i] = 0, 0 end
  local base = pad + 1
  local a, b = P.normals(P.threefry(k0, k1, number, stream << 26))
  a, b = a * 4000 // 4096, b * 4000 // 4096
  local sum1, sum2 = a, b
  x[base], y[base] = a, b
  for t = 1, length - 1 do
    local u, v = P.normals(P.threefry(k0, k1, number, stream << 26 | t))
    a = limited((a * lag1 + 16384) // 32768 + (u * sd1 + 2048) // 4096)
    b = limited((b * lag2 + 16384) // 32768 + (v * sd2 + 2048) // 4096)
    x[base + t], y[base + t] = a, b
    sum1, sum2 = sum1 + a, sum2 + b
  end
  for i = base + length, base + length + pad - 1 do x[i], y[i] = 0, 0 end
  centred(x, base, length, sum1)
  centred(y, base, length, sum2)
  return x, y
end
