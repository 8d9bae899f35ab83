"""The board's arithmetic in NumPy, written apart from the firmware, with its ranges checked."""

from __future__ import annotations

import numpy as np

from pycwt_mod.monte_carlo.streams import threefry2x32

LIMIT = 2**31


def checked(values):
    """What the board must keep in 32 bits."""
    values = np.asarray(values, dtype=np.int64)
    assert values.size == 0 or (values.min() >= -LIMIT and values.max() < LIMIT)
    return values


def tables():
    j = np.arange(16 * 28 + 1)
    e, seg = -(-j // 16), -j % 16
    u = 2.0**-e * (1 + seg / 16) / 2
    low = np.floor(4096 * np.sqrt(-2 * np.log(u)) + 0.5).astype(np.int64)
    high = np.floor(4096 * np.sqrt(-2 * np.log1p(-u)) + 0.5).astype(np.int64)
    cosine = np.floor(16384 * np.cos(2 * np.pi * np.arange(513) / 512) + 0.5).astype(np.int64)
    return low, high, cosine


def normals(seed, number, stream, length):
    low, high, cosine = tables()
    time = np.arange(length, dtype=np.uint32) | np.uint32(stream << 26)
    words = threefry2x32((seed & 0xFFFFFFFF, seed >> 32), (np.uint32(number), time))
    w0, w1 = (w.astype(np.int64) for w in words)
    upper = w0 >= 2**31
    m = np.where(upper, 0xFFFFFFFF - w0, w0)
    e = np.ones_like(m)
    for _ in range(27):
        small = m < 2**30
        m, e = np.where(small, m * 2, m), e + small
    seg, frac = (m >> 26) & 15, (m >> 18) & 255
    j = 16 * e - seg
    radius = np.empty_like(m)
    for table, where in ((low, ~upper), (high, upper)):
        a, b = table[j[where]], table[j[where] - 1]
        radius[where] = a + checked((b - a) * frac[where]) // 256
    i, frac = w1 >> 23, (w1 >> 15) & 255
    out = []
    for at in (i, (i + 384) & 511):
        c = cosine[at] + checked((cosine[at + 1] - cosine[at]) * frac) // 256
        out.append(checked(radius * c) // 16384)
    return out


def noise(series, seed, number):
    out = []
    z = normals(seed, number, series.part.stream, series.length)
    for row, lag, innovation in zip(z, series.lags, series.innovations, strict=True):
        x = np.empty(series.length, np.int64)
        now = checked(row[0] * 4000) // 4096
        x[0] = now
        steps = checked(row * innovation + 2048) // 4096
        for t in range(1, series.length):
            now = int(checked(now * lag + 16384) // 32768 + steps[t])
            now = max(-32767, min(32767, now))
            x[t] = now
        mean = int(checked(x.sum() + series.length // 2)) // series.length
        out.append(np.clip(x - mean, -32767, 32767))
    return out


def coefficients(group, row, x, shift):
    half = np.array(row.taps[::2]), np.array(row.taps[1::2])
    k = half[0].size - 1
    padded = np.pad(x, k)
    at = k + group.offset + group.step * np.arange(group.points)
    window = padded[at[:, None] + np.arange(-k, k + 1)]
    even = np.concatenate([half[0][:0:-1], half[0]])
    odd = np.concatenate([-half[1][:0:-1], half[1]])
    round_up = (1 << shift) >> 1
    parts = []
    for taps in (even, odd):
        assert np.abs(taps).sum() * 32767 + round_up < LIMIT
        parts.append(np.clip((window @ taps + round_up) >> shift, -2047, 2047))
    return parts


def coherence_bins(group, x, y, bins):
    """For every own row the bins of all points, and the fractions behind them."""
    smooth = []
    for row in group.rows:
        a, b = coefficients(group, row, x, group.shifts[0])
        c, d = coefficients(group, row, y, group.shifts[1])
        products = np.stack([a * a + b * b, c * c + d * d, a * c + b * d, b * c - a * d]) // 8
        products[:, 0] = checked(products[:, 0] * group.ends[0]) >> 5
        if group.points > 1:
            products[:, -1] = checked(products[:, -1] * group.ends[1]) >> 5
        window = np.array(row.window)
        full = np.concatenate([window[:0:-1], window])
        smooth.append(
            [
                checked(np.convolve(p, full)[window.size - 1 :][: group.points]) // 256
                for p in products
            ]
        )
    smooth = np.array(smooth)
    halo = len(group.weights) // 2
    out = []
    for own in range(group.own, group.own + len(group.counted)):
        total = np.zeros((4, group.points), np.int64)
        for i, weight in enumerate(group.weights):
            if 0 <= own + i - halo < len(group.rows):
                total += weight * smooth[own + i - halo]
        s1, s2, c, q = checked(total).astype(np.float64)
        den = s1 * s2
        ratio = np.divide(c * c + q * q, den, out=np.zeros_like(den), where=den > 0)
        out.append((np.minimum((ratio * bins).astype(np.int64), bins - 1), ratio))
    return out


def histogram(series_list, task, seed, first, count):
    found = np.zeros((task.rows, task.bins), np.int64)
    for series in series_list:
        part = series.part
        for number in range(part.series(first), part.series(first + count)):
            x, y = noise(series, seed, number)
            for group in series.groups:
                for j, (bins, _) in enumerate(coherence_bins(group, x, y, task.bins)):
                    counted = group.counted[j]
                    row = group.row + j
                    low, high = counted.outside
                    np.add.at(found[row], bins[low : high + 1], counted.weights)
    return found
