/* PK_LANES complex FFTs at once, one in each lane: self-sorting radix 2 to 8 passes (Stockham;
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

PK_INLINE void butterfly2(cplx *v)
{
    cplx a = v[0], b = v[1];
    v[0] = (cplx){a.r + b.r, a.i + b.i};
    v[1] = (cplx){a.r - b.r, a.i - b.i};
}

PK_INLINE void butterfly3(cplx *v, float sign)
{
    const float h = sign * 0.86602540378443864676f;
    vf sr = v[1].r + v[2].r, si = v[1].i + v[2].i;
    vf dr = h * (v[1].r - v[2].r), di = h * (v[1].i - v[2].i);
    vf mr = v[0].r - 0.5f * sr, mi = v[0].i - 0.5f * si;
    v[0] = (cplx){v[0].r + sr, v[0].i + si};
    v[1] = (cplx){mr - di, mi + dr};
    v[2] = (cplx){mr + di, mi - dr};
}

PK_INLINE void butterfly4(cplx *v, float sign)
{
    vf ar = v[0].r + v[2].r, ai = v[0].i + v[2].i, br = v[0].r - v[2].r, bi = v[0].i - v[2].i;
    vf cr = v[1].r + v[3].r, ci = v[1].i + v[3].i;
    vf dr = sign * (v[1].r - v[3].r), di = sign * (v[1].i - v[3].i);
    v[0] = (cplx){ar + cr, ai + ci};
    v[1] = (cplx){br - di, bi + dr};
    v[2] = (cplx){ar - cr, ai - ci};
    v[3] = (cplx){br + di, bi - dr};
}

PK_INLINE void butterfly5(cplx *v, float sign)
{
    const float c1 = 0.30901699437494742410f, c2 = -0.80901699437494742410f;
    const float s1 = sign * 0.95105651629515357212f, s2 = sign * 0.58778525229247312917f;
    vf pr = v[1].r + v[4].r, pi = v[1].i + v[4].i, qr = v[2].r + v[3].r, qi = v[2].i + v[3].i;
    vf mr = v[1].r - v[4].r, mi = v[1].i - v[4].i, nr = v[2].r - v[3].r, ni = v[2].i - v[3].i;
    vf ar = v[0].r + c1 * pr + c2 * qr, ai = v[0].i + c1 * pi + c2 * qi;
    vf br = v[0].r + c2 * pr + c1 * qr, bi = v[0].i + c2 * pi + c1 * qi;
    vf er = s1 * mr + s2 * nr, ei = s1 * mi + s2 * ni;
    vf fr = s2 * mr - s1 * nr, fi = s2 * mi - s1 * ni;
    v[0] = (cplx){v[0].r + pr + qr, v[0].i + pi + qi};
    v[1] = (cplx){ar - ei, ai + er};
    v[2] = (cplx){br - fi, bi + fr};
    v[3] = (cplx){br + fi, bi - fr};
    v[4] = (cplx){ar + ei, ai - er};
}

PK_INLINE void butterfly8(cplx *v, float sign)
{
    const float h = 0.70710678118654752440f;
    cplx e[4] = {v[0], v[2], v[4], v[6]}, f[4] = {v[1], v[3], v[5], v[7]};
    butterfly4(e, sign);
    butterfly4(f, sign);
    f[1] = (cplx){h * (f[1].r - sign * f[1].i), h * (f[1].i + sign * f[1].r)};
    f[2] = (cplx){-sign * f[2].i, sign * f[2].r};
    f[3] = (cplx){-h * (f[3].r + sign * f[3].i), h * (sign * f[3].r - f[3].i)};
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        v[k] = (cplx){e[k].r + f[k].r, e[k].i + f[k].i};
        v[k + 4] = (cplx){e[k].r - f[k].r, e[k].i - f[k].i};
    }
}

/* r is a constant of each inlined copy. */
PK_INLINE void butterfly(cplx *v, int r, float sign)
{
    if (r == 8)
        butterfly8(v, sign);
    else if (r == 5)
        butterfly5(v, sign);
    else if (r == 4)
        butterfly4(v, sign);
    else if (r == 3)
        butterfly3(v, sign);
    else
        butterfly2(v);
}

PK_INLINE void pass(const cplx *restrict x, cplx *restrict y, int r, int32_t m, int32_t s,
                    const float *w, float sign)
{
    size_t far = (size_t)s * (size_t)m;
    for (int32_t p = 0; p < m; p++, w += 2 * (r - 1)) {
        const cplx *in = x + (size_t)s * (size_t)p;
        cplx *out = y + (size_t)s * (size_t)(r * p);
        for (int32_t q = 0; q < s; q++) {
            cplx v[8];
#pragma GCC unroll 8
            for (int c = 0; c < r; c++)
                v[c] = in[(size_t)q + (size_t)c * far];
            butterfly(v, r, sign);
            out[q] = v[0];
#pragma GCC unroll 8
            for (int j = 1; j < r; j++)
                out[q + j * s] = turn(v[j].r, v[j].i, w[2 * j - 2], w[2 * j - 1], sign);
        }
    }
}

/* The last pass has no twiddle factors. */
PK_INLINE void last_pass(const cplx *restrict x, cplx *restrict y, int32_t s, float sign)
{
    for (int32_t q = 0; q < s; q++) {
        cplx v[4] = {x[q], x[q + s], x[q + 2 * s], x[q + 3 * s]};
        butterfly4(v, sign);
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            y[q + j * s] = v[j];
    }
}

/* The passes from `stage` on, but for the last one if `but_last`. Both arrays are overwritten;
 * the result is in the one that is returned. */
PK_INLINE cplx *passes(const pk_fft *fft, int stage, int but_last, cplx *x, cplx *y, float sign)
{
    int32_t sub = fft->n, stride = 1;
    for (int i = 0; i < stage; i++) {
        sub /= fft->radix[i];
        stride *= fft->radix[i];
    }
    for (; stage < fft->stages - but_last; stage++) {
        int32_t r = fft->radix[stage], m = sub / r;
        const float *w = fft->twiddle[stage];
        if (r == 4 && m > 1)
            pass(x, y, 4, m, stride, w, sign);
        else if (r == 4)
            last_pass(x, y, stride, sign);
        else if (r == 8)
            pass(x, y, 8, m, stride, w, sign);
        else if (r == 5)
            pass(x, y, 5, m, stride, w, sign);
        else if (r == 3)
            pass(x, y, 3, m, stride, w, sign);
        else
            pass(x, y, 2, m, stride, w, sign);
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
    return passes(fft, 0, 0, x, y, -1.0f);
}

static cplx *inverse(const pk_fft *fft, cplx *x, cplx *y)
{
    return passes(fft, 0, 0, x, y, 1.0f);
}

/* The inverse without its first and its last pass. */
static cplx *inverse_middle(const pk_fft *fft, cplx *x, cplx *y)
{
    return passes(fft, 1, 1, x, y, 1.0f);
}

#endif
