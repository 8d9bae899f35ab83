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

/* How many samples point p of a scale counts for: few points are evaluated, all samples count. */
PK_INLINE int64_t samples_of(const pk_scale *s, int32_t p)
{
    if (p < 2)
        return s->ends[p];
    return p < s->points - 2 ? s->step : s->ends[p - s->points + 4];
}

PK_INLINE void count_point(const pk_plan *plan, pk_sink *sink, int64_t *hist, vf r2,
                           int64_t samples)
{
    if (sink->r2) {
        *sink->r2++ = r2[0];
        return;
    }
    vi bin = __builtin_convertvector(r2 * (float)plan->bins, vi), last = (vi){0} + (plan->bins - 1);
    bin = (vi)choose(bin < last, (vf)bin, (vf)last);
    if (sink->lanes == PK_LANES) {
        for (int l = 0; l < PK_LANES; l++)
            hist[bin[l]] += samples;
    } else {
        for (int l = 0; l < sink->lanes; l++)
            hist[bin[l]] += samples;
    }
}

PK_INLINE int cancelled(const pk_block *block)
{
    return block->cancel && *block->cancel;
}

#endif
