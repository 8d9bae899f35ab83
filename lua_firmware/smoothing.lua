-- Products of the coefficients, smoothed in time.

local P = pycwt

-- Turns coefficients into |W1|^2, |W2|^2 and W1 W2*, an eighth of each, in place.
function P.products(w, from, upto)
  local a, b, c, d = w[1], w[2], w[3], w[4]
  for i = from, upto do
    local p, q, r, s = a[i], b[i], c[i], d[i]
    a[i], b[i] = (p * p + q * q) // 8, (r * r + s * s) // 8
    c[i], d[i] = (p * r + q * s) // 8, (q * r - p * s) // 8
  end
end

-- The first and the last point stand for less, or more, of the series than the others.
function P.weigh_end(w, at, weight)
  for n = 1, 4 do w[n][at] = w[n][at] * weight // 32 end
end

-- A window over the points from .. upto; what is beyond weighs nothing. The window is given by
-- its right half; its sum is below 2000, the products below 2^20.
local function smooth(values, window, from, upto, first, last, out)
  local reach = #window - 1
  for i = first, last do
    local sum = values[i] * window[1]
    for k = 1, reach do
      local left, right = i - k, i + k
      local both = 0
      if left >= from then both = values[left] end
      if right <= upto then both = both + values[right] end
      sum = sum + both * window[k + 1]
    end
    out[i] = sum // 256
  end
end

-- The four products at the points first .. last, into the four tables of out.
function P.smooth(w, window, from, upto, first, last, out)
  for n = 1, 4 do smooth(w[n], window, from, upto, first, last, out[n]) end
end
