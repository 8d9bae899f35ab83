-- Squared coherence of the scales of a group, scale after scale.

local P = pycwt

local function four() return { {}, {}, {}, {} } end

-- Bins of the points first .. last of one scale. rows[i] are the smoothed products of the scale
-- that weights[i] belongs to, nil beyond the grid. The weights' sum is below 256: the sums stay
-- below 2^31. What follows is in doubles: IEEE 754 says every digit of it.
local function row_bins(rows, weights, first, last, bins)
  local found = {}
  for i = first, last do
    local s1, s2, c, q = 0, 0, 0, 0
    for n = 1, #weights do
      local row, weight = rows[n], weights[n]
      if row then
        s1 = s1 + weight * row[1][i]; s2 = s2 + weight * row[2][i]
        c = c + weight * row[3][i]; q = q + weight * row[4][i]
      end
    end
    local bin = 0
    if s1 > 0 and s2 > 0 then
      c, q = c + 0.0, q + 0.0
      bin = math.floor((c * c + q * q) / ((s1 + 0.0) * s2) * bins)
      if bin >= bins then bin = bins - 1 end
    end
    found[#found + 1] = bin
  end
  return found
end

-- Computes the scales of a group and calls emit(own row, its bins) for each that counts points.
-- group is what protocol.lua reads from a block; x and y are the series.
function P.coherence(group, x, y, emit)
  local halo = #group.weights // 2
  local work, ring, spare = four(), {}, {}
  local final = group.points - 1
  for number = 1, #group.rows + halo do
    local row = group.rows[number]
    if row then
      local reach = #row.window - 1
      local from, upto = math.max(0, group.first - reach), math.min(final, group.last + reach)
      P.coefficients(x, y, row.taps, group.pad + 1 + group.offset, group.step, from, upto, group.shift1,
        group.shift2, work)
      P.products(work, from, upto)
      if from == 0 then P.weigh_end(work, 0, group.end1) end
      if upto == final and final > 0 then P.weigh_end(work, final, group.end2) end
      local out = table.remove(spare) or four()
      P.smooth(work, row.window, from, upto, group.first, group.last, out)
      ring[number] = out
    end
    -- The scale in the middle of the window has all its neighbours now.
    local middle = number - halo
    local counted = group.counted[middle - group.own]
    if counted and counted[1] <= counted[2] then
      local near = {}
      for n = 1, #group.weights do near[n] = ring[middle + n - 1 - halo] or false end
      emit(middle - group.own - 1, row_bins(near, group.weights, counted[1], counted[2], group.bins))
    end
    if ring[middle - halo] then
      spare[#spare + 1] = ring[middle - halo]
      ring[middle - halo] = nil
    end
  end
end
