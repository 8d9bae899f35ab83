/* What both paths share: splitting the pair of series, R2, counting. Included by pk_hot.c. */
#ifndef PK_LANE_COHERENCE_H
#define PK_LANE_COHERENCE_H

#include "pk_lane.h"

/* z = FFT(x1 + i x2) of real series gives both: 2 X1(k) = z(k) + z(-k)*, 2 X2(k) = -i (z(k) -
 * z(-k)*). On return z holds 2 X1 and y holds 2 X2 in the bins low ... high - 1, which must lie
 * in 0 ... n/2. */
static void split(cplx *restrict z, cplx *restrict y, int32_t n, int32_t low, int32_t high)
{
    for (int32_t k = low; k < high; k++) {
        cplx a = z[k], b = z[k ? n - k : 0];
        z[k] = (cplx){a.r + b.r, a.i - b.i};
        y[k] = (cplx){a.i + b.i, b.r - a.r};
    }
}

PK_INLINE quad products(cplx a, cplx b)
{
    return (quad){a.r * a.r + a.i * a.i, b.r * b.r + b.i * b.i, a.r * b.r + a.i * b.i,
                  a.i * b.r - a.r * b.i};
}

PK_INLINE vf squared_coherence(quad s)
{
    vf scale = s.s1 * s.s2, r2 = (s.xr * s.xr + s.xi * s.xi) / scale;
    vi good = (s.s1 > 0.0f) & (s.s2 > 0.0f) & (scale > 0.0f);
    r2 = choose(good, r2, splat(0.0f));
    return choose(r2 < 1.0f, r2, splat(1.0f));
}

/* What point p of a scale counts for: few points are evaluated, all samples count, each with the
 * weight of its zone. Between the ends, the samples t of a point are the closest to it. */
PK_INLINE int64_t weight_of(const pk_scale *s, int32_t p)
{
    int64_t samples = s->step;
    if (p < 2)
        samples = s->ends[p];
    else if (p >= s->points - 2)
        samples = s->ends[p - s->points + 4];
    int32_t t = s->first + p * s->step, low = t - s->step / 2, high = t + (s->step + 1) / 2;
    low = low > s->in_low ? low : s->in_low;
    high = high < s->in_high ? high : s->in_high;
    return samples * s->near + (high > low ? (high - low) * s->more : 0);
}

/* The row of the histogram for scale j. */
PK_INLINE int64_t *row_of(const pk_plan *plan, const pk_sink *sink, int32_t j)
{
    return sink->hist ? sink->hist + (size_t)(j - plan->own) * (size_t)plan->bins : NULL;
}

PK_INLINE void count_point(const pk_plan *plan, pk_sink *sink, int64_t *hist, vf r2,
                           int64_t weight)
{
    if (sink->r2) {
        *sink->r2++ = r2[0];
        return;
    }
    vi bin = __builtin_convertvector(r2 * (float)plan->bins, vi), last = (vi){0} + (plan->bins - 1);
    bin = (vi)choose(bin < last, (vf)bin, (vf)last);
    if (sink->lanes == PK_LANES) {
        for (int l = 0; l < PK_LANES; l++)
            hist[bin[l]] += weight;
    } else {
        for (int l = 0; l < sink->lanes; l++)
            hist[bin[l]] += weight;
    }
}

PK_INLINE int cancelled(const pk_block *block)
{
    return block->cancel && __atomic_load_n(block->cancel, __ATOMIC_RELAXED);
}

#endif
