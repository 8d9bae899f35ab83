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

PK_INLINE void pass2(const cplx *restrict x, cplx *restrict y, int32_t m, int32_t s,
                     const float *w, float sign)
{
    for (int32_t p = 0; p < m; p++, w += 2) {
        const cplx *xa = x + (size_t)s * p, *xb = xa + (size_t)s * m;
        cplx *o = y + (size_t)s * 2 * p;
        for (int32_t q = 0; q < s; q++) {
            cplx a = xa[q], b = xb[q];
            o[q] = (cplx){a.r + b.r, a.i + b.i};
            o[q + s] = turn(a.r - b.r, a.i - b.i, w[0], w[1], sign);
        }
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

PK_INLINE void pass5(const cplx *restrict x, cplx *restrict y, int32_t m, int32_t s,
                     const float *w, float sign)
{
    const float c1 = 0.30901699437494742410f, c2 = -0.80901699437494742410f;
    const float s1 = sign * 0.95105651629515357212f, s2 = sign * 0.58778525229247312917f;
    for (int32_t p = 0; p < m; p++, w += 8) {
        const cplx *in = x + (size_t)s * p;
        size_t far = (size_t)s * m;
        cplx *o = y + (size_t)s * 5 * p;
        for (int32_t q = 0; q < s; q++) {
            cplx a = in[q], b = in[q + far], c = in[q + 2 * far];
            cplx d = in[q + 3 * far], e = in[q + 4 * far];
            vf pr = b.r + e.r, pi = b.i + e.i, qr = c.r + d.r, qi = c.i + d.i;
            vf mr = b.r - e.r, mi = b.i - e.i, nr = c.r - d.r, ni = c.i - d.i;
            vf ar = a.r + c1 * pr + c2 * qr, ai = a.i + c1 * pi + c2 * qi;
            vf br = a.r + c2 * pr + c1 * qr, bi = a.i + c2 * pi + c1 * qi;
            vf er = s1 * mr + s2 * nr, ei = s1 * mi + s2 * ni;
            vf fr = s2 * mr - s1 * nr, fi = s2 * mi - s1 * ni;
            o[q] = (cplx){a.r + pr + qr, a.i + pi + qi};
            o[q + s] = turn(ar - ei, ai + er, w[0], w[1], sign);
            o[q + 2 * s] = turn(br - fi, bi + fr, w[2], w[3], sign);
            o[q + 3 * s] = turn(br + fi, bi - fr, w[4], w[5], sign);
            o[q + 4 * s] = turn(ar + ei, ai - er, w[6], w[7], sign);
        }
    }
}

PK_INLINE void butterfly4(cplx a, cplx b, cplx c, cplx d, cplx *o, float sign)
{
    vf ar = a.r + c.r, ai = a.i + c.i, br = a.r - c.r, bi = a.i - c.i;
    vf cr = b.r + d.r, ci = b.i + d.i, dr = sign * (b.r - d.r), di = sign * (b.i - d.i);
    o[0] = (cplx){ar + cr, ai + ci};
    o[1] = (cplx){br - di, bi + dr};
    o[2] = (cplx){ar - cr, ai - ci};
    o[3] = (cplx){br + di, bi - dr};
}

PK_INLINE void pass8(const cplx *restrict x, cplx *restrict y, int32_t m, int32_t s,
                     const float *w, float sign)
{
    const float h = 0.70710678118654752440f;
    for (int32_t p = 0; p < m; p++, w += 14) {
        const cplx *in = x + (size_t)s * p;
        size_t far = (size_t)s * m;
        cplx *o = y + (size_t)s * 8 * p;
        for (int32_t q = 0; q < s; q++) {
            const cplx *a = in + q;
            cplx e[4], f[4];
            butterfly4(a[0], a[2 * far], a[4 * far], a[6 * far], e, sign);
            butterfly4(a[far], a[3 * far], a[5 * far], a[7 * far], f, sign);
            f[1] = (cplx){h * (f[1].r - sign * f[1].i), h * (f[1].i + sign * f[1].r)};
            f[2] = (cplx){-sign * f[2].i, sign * f[2].r};
            f[3] = (cplx){-h * (f[3].r + sign * f[3].i), h * (sign * f[3].r - f[3].i)};
            o[q] = (cplx){e[0].r + f[0].r, e[0].i + f[0].i};
            for (int j = 1; j < 8; j++) {
                int k = j % 4;
                vf re = j < 4 ? e[k].r + f[k].r : e[k].r - f[k].r;
                vf im = j < 4 ? e[k].i + f[k].i : e[k].i - f[k].i;
                o[q + (size_t)j * s] = turn(re, im, w[2 * j - 2], w[2 * j - 1], sign);
            }
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
        else if (r == 8)
            pass8(x, y, m, stride, w, sign);
        else if (r == 5)
            pass5(x, y, m, stride, w, sign);
        else if (r == 3)
            pass3(x, y, m, stride, w, sign);
        else
            pass2(x, y, m, stride, w, sign);
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
