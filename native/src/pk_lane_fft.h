/* PK_LANES complex FFTs at once, one in each lane: self-sorting radix-4/3/2 passes (Stockham;
 * Swarztrauber 1984, Parallel Computing 1, 45-63). Included by pk_hot.c alone.
 *
 * `sign` is a constant of each inlined copy: -1 forward, +1 inverse, neither is scaled. */
#ifndef PK_LANE_FFT_H
#define PK_LANE_FFT_H

#include "pk_lane.h"

PK_INLINE cplx turn(vf re, vf im, float wr, float wi, float sign)
{
    /* Tables are of the forward direction; the inverse takes the conjugate. */
    float wj = sign < 0 ? wi : -wi;
    return (cplx){re * wr - im * wj, re * wj + im * wr};
}

PK_INLINE void pass2(const cplx *restrict x, cplx *restrict y, int32_t s)
{
    for (int32_t q = 0; q < s; q++) {
        cplx a = x[q], b = x[q + s];
        y[q] = (cplx){a.r + b.r, a.i + b.i};
        y[q + s] = (cplx){a.r - b.r, a.i - b.i};
    }
}

PK_INLINE void pass3(const cplx *restrict x, cplx *restrict y, int32_t m, int32_t s,
                     const float *w, float sign)
{
    const float h = sign * 0.86602540378443864676f;
    for (int32_t p = 0; p < m; p++, w += 4) {
        const cplx *xa = x + (size_t)s * p, *xb = xa + (size_t)s * m, *xc = xb + (size_t)s * m;
        cplx *o = y + (size_t)s * 3 * p;
        for (int32_t q = 0; q < s; q++) {
            vf sr = xb[q].r + xc[q].r, si = xb[q].i + xc[q].i;
            vf dr = h * (xb[q].r - xc[q].r), di = h * (xb[q].i - xc[q].i);
            vf mr = xa[q].r - 0.5f * sr, mi = xa[q].i - 0.5f * si;
            o[q] = (cplx){xa[q].r + sr, xa[q].i + si};
            o[q + s] = turn(mr - di, mi + dr, w[0], w[1], sign);
            o[q + 2 * s] = turn(mr + di, mi - dr, w[2], w[3], sign);
        }
    }
}

PK_INLINE void pass4(const cplx *restrict x, cplx *restrict y, int32_t m, int32_t s,
                     const float *w, float sign)
{
    for (int32_t p = 0; p < m; p++, w += 6) {
        const cplx *xa = x + (size_t)s * p, *xb = xa + (size_t)s * m;
        const cplx *xc = xb + (size_t)s * m, *xd = xc + (size_t)s * m;
        cplx *o = y + (size_t)s * 4 * p;
        for (int32_t q = 0; q < s; q++) {
            vf ar = xa[q].r + xc[q].r, ai = xa[q].i + xc[q].i;
            vf br = xa[q].r - xc[q].r, bi = xa[q].i - xc[q].i;
            vf cr = xb[q].r + xd[q].r, ci = xb[q].i + xd[q].i;
            vf dr = sign * (xb[q].r - xd[q].r), di = sign * (xb[q].i - xd[q].i);
            o[q] = (cplx){ar + cr, ai + ci};
            o[q + s] = turn(br - di, bi + dr, w[0], w[1], sign);
            o[q + 2 * s] = turn(ar - cr, ai - ci, w[2], w[3], sign);
            o[q + 3 * s] = turn(br + di, bi - dr, w[4], w[5], sign);
        }
    }
}

/* The last pass has no twiddle factors. */
PK_INLINE void pass4_last(const cplx *restrict x, cplx *restrict y, int32_t s, float sign)
{
    const cplx *xb = x + s, *xc = xb + s, *xd = xc + s;
    for (int32_t q = 0; q < s; q++) {
        vf ar = x[q].r + xc[q].r, ai = x[q].i + xc[q].i;
        vf br = x[q].r - xc[q].r, bi = x[q].i - xc[q].i;
        vf cr = xb[q].r + xd[q].r, ci = xb[q].i + xd[q].i;
        vf dr = sign * (xb[q].r - xd[q].r), di = sign * (xb[q].i - xd[q].i);
        y[q] = (cplx){ar + cr, ai + ci};
        y[q + s] = (cplx){br - di, bi + dr};
        y[q + 2 * s] = (cplx){ar - cr, ai - ci};
        y[q + 3 * s] = (cplx){br + di, bi - dr};
    }
}

/* Both arrays are overwritten; the result is in the one that is returned. */
PK_INLINE cplx *transform(const pk_fft *fft, cplx *x, cplx *y, float sign)
{
    int32_t sub = fft->n, stride = 1;
    for (int stage = 0; stage < fft->stages; stage++) {
        int32_t r = fft->radix[stage], m = sub / r;
        const float *w = fft->twiddle[stage];
        if (r == 4 && m > 1)
            pass4(x, y, m, stride, w, sign);
        else if (r == 4)
            pass4_last(x, y, stride, sign);
        else if (r == 3)
            pass3(x, y, m, stride, w, sign);
        else
            pass2(x, y, stride);
        cplx *swap = x;
        x = y;
        y = swap;
        sub = m;
        stride *= r;
    }
    return x;
}

static cplx *forward(const pk_fft *fft, cplx *x, cplx *y)
{
    return transform(fft, x, y, -1.0f);
}

static cplx *inverse(const pk_fft *fft, cplx *x, cplx *y)
{
    return transform(fft, x, y, 1.0f);
}

#endif
