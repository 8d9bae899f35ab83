-- Wavelet coefficients of two series at one scale: a filter, looked at every so many samples.

local P = pycwt

local function part(value, half, unit)
  value = (value + half) // unit
  if value > 2047 then return 2047 end
  if value < -2047 then return -2047 end
  return value
end

-- Coefficients at the elements offset + i step, i = from to upto, into the four tables of out: real
-- and imaginary part of x, then of y. x and y have zeros before and after the samples.
--
-- taps are the real and imaginary parts in turn of the filter's right half, from the middle on;
-- the left half is its conjugate, so that each tap is multiplied once for two samples. Sizes of
-- the taps sum up to less than 2^16 and samples are below 2^15: no sum reaches 2^31.
function P.coefficients(x, y, taps, offset, step, from, upto, shift1, shift2, out)
  local re1, im1, re2, im2 = out[1], out[2], out[3], out[4]
  local middle, last = taps[1], #taps // 2 - 1
  local unit1, unit2 = 1 << shift1, 1 << shift2
  local half1, half2 = unit1 // 2, unit2 // 2
  for i = from, upto do
    local at = offset + i * step
    local a, b, c, d = middle * x[at], 0, middle * y[at], 0
    for k = 1, last do
      local p, q = taps[2 * k + 1], taps[2 * k + 2]
      local right, left = x[at + k], x[at - k]
      a = a + p * (right + left); b = b + q * (right - left)
      right, left = y[at + k], y[at - k]
      c = c + p * (right + left); d = d + q * (right - left)
    end
    re1[i], im1[i] = part(a, half1, unit1), part(b, half1, unit1)
    re2[i], im2[i] = part(c, half2, unit2), part(d, half2, unit2)
  end
end
