/* Long FFTs in one precision and one width of vector. Included by pt_hot.c after pt_pair.h.
 *
 * n = n1 n2 points are n2 columns of FFTs of length n1, a factor exp(2 pi i j2 k1 / n), and n1 rows
 * of FFTs of length n2 (Gentleman & Sande 1966). LANES of either are worked at once, one in each
 * lane, by self-sorting passes of radix 8 and 4 (Stockham), in buffers that the second-level cache
 * holds. Here a complex number of each lane is two vectors. All is inverse: the forward FFT is
 * that with real and imaginary parts exchanged. */

typedef struct {
    vec r, i;
} NAME(lanes);

#define lanes NAME(lanes)

/* FFTs of one length. */
typedef struct {
    int64_t n;
    int stages;
    int radix[16];
    const REAL *twiddle[16];
} NAME(short_fft);

#define short_fft NAME(short_fft)

PT_INLINE void NAME(butterfly4)(lanes *v)
{
    lanes a = {v[0].r + v[2].r, v[0].i + v[2].i}, b = {v[0].r - v[2].r, v[0].i - v[2].i};
    lanes c = {v[1].r + v[3].r, v[1].i + v[3].i}, d = {v[3].i - v[1].i, v[1].r - v[3].r};
    v[0] = (lanes){a.r + c.r, a.i + c.i};
    v[1] = (lanes){b.r + d.r, b.i + d.i};
    v[2] = (lanes){a.r - c.r, a.i - c.i};
    v[3] = (lanes){b.r - d.r, b.i - d.i};
}

PT_INLINE void NAME(butterfly8)(lanes *v)
{
    const REAL h = (REAL)0.70710678118654752440;
    lanes e[4] = {v[0], v[2], v[4], v[6]}, f[4] = {v[1], v[3], v[5], v[7]};
    NAME(butterfly4)(e);
    NAME(butterfly4)(f);
    f[1] = (lanes){h * (f[1].r - f[1].i), h * (f[1].i + f[1].r)};
    f[2] = (lanes){-f[2].i, f[2].r};
    f[3] = (lanes){-h * (f[3].r + f[3].i), h * (f[3].r - f[3].i)};
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
        v[k] = (lanes){e[k].r + f[k].r, e[k].i + f[k].i};
        v[k + 4] = (lanes){e[k].r - f[k].r, e[k].i - f[k].i};
    }
}

/* One pass: radix r, m groups of r points left, s of them interleaved; r is a constant of each
 * inlined copy, and so is whether there are factors. */
PT_INLINE void NAME(pass)(const lanes *restrict x, lanes *restrict y, const int r, int64_t m,
                          int64_t s, const REAL *w)
{
    for (int64_t p = 0; p < m; p++) {
        for (int64_t q = 0; q < s; q++) {
            lanes v[8];
#pragma GCC unroll 8
            for (int c = 0; c < r; c++)
                v[c] = x[q + s * (p + c * m)];
            if (r == 8)
                NAME(butterfly8)(v);
            else
                NAME(butterfly4)(v);
            lanes *to = y + q + s * r * p;
            to[0] = v[0];
#pragma GCC unroll 8
            for (int j = 1; j < r; j++)
                if (w) {
                    REAL re = w[2 * j - 2], im = w[2 * j - 1];
                    to[j * s] = (lanes){v[j].r * re - v[j].i * im, v[j].r * im + v[j].i * re};
                } else {
                    to[j * s] = v[j];
                }
        }
        if (w)
            w += 2 * (r - 1);
    }
}

/* All passes; the result is in the array that is returned, the other one is overwritten. */
static lanes *NAME(passes)(const short_fft *fft, lanes *x, lanes *y)
{
    int64_t m = fft->n, s = 1;
    for (int stage = 0; stage < fft->stages; stage++) {
        const REAL *w = fft->twiddle[stage];
        int r = fft->radix[stage];
        m /= r;
        if (r == 8 && m > 1)
            NAME(pass)(x, y, 8, m, s, w);
        else if (r == 8)
            NAME(pass)(x, y, 8, 1, s, NULL);
        else if (m > 1)
            NAME(pass)(x, y, 4, m, s, w);
        else
            NAME(pass)(x, y, 4, 1, s, NULL);
        s *= r;
        lanes *swap = x;
        x = y;
        y = swap;
    }
    return x;
}

/* Radices of an FFT of length 2^bits, bits = 2 or >= 4, and its factors at w; how many REALs. */
static int64_t NAME(prepare)(short_fft *fft, int bits, const roots *all, REAL *w)
{
    int64_t used = 0;
    *fft = (short_fft){.n = (int64_t)1 << bits};
    for (int64_t m = fft->n; m > 1;) {
        int left = log2_of(m), r = left % 3 == 0 ? 8 : 4;
        int64_t step = all->n / m;
        m /= r;
        fft->radix[fft->stages] = r;
        fft->twiddle[fft->stages++] = w + used;
        for (int64_t p = 0; p < m; p++)
            for (int64_t j = 1; j < r; j++, used += 2) {
                double re, im;
                root(all, p * j * step, &re, &im);
                w[used] = (REAL)re;
                w[used + 1] = (REAL)im;
            }
    }
    return used;
}

/* A long FFT under way. */
typedef struct {
    const pt_circle *circle;
    roots all;
    int64_t n1, n2;
    short_fft columns, rows;
    lanes *x, *y;     /* each for the longer one of both */
    lanes *lane_root; /* exp(2 pi i l k1 / n) of lane l, for all k1 */
    lanes *middle;    /* between columns and rows: n / LANES */
} NAME(fft);

/* LANES numbers of the circle from `at` on, interleaved. */
PT_INLINE void NAME(take)(const pt_circle *circle, int64_t at, REAL *out)
{
    int64_t n = circle->length, from = (at - circle->first) & (n - 1);
    const double *bins = circle->bins, scale = circle->scale;
    if (from + LANES <= circle->count)
        for (int i = 0; i < 2 * LANES; i++)
            out[i] = (REAL)(bins[2 * from + i] * scale);
    else if (from >= circle->count && from + LANES <= n)
        for (int i = 0; i < 2 * LANES; i++)
            out[i] = 0;
    else
        for (int i = 0; i < LANES; i++) {
            int64_t k = (from + i) & (n - 1);
            out[2 * i] = k < circle->count ? (REAL)(bins[2 * k] * scale) : 0;
            out[2 * i + 1] = k < circle->count ? (REAL)(bins[2 * k + 1] * scale) : 0;
        }
}

/* Real and imaginary parts by turns to one vector of each, and back. */
PT_INLINE lanes NAME(part)(vec a, vec b)
{
    mask even = 2 * NAME(LANE), odd = 2 * NAME(LANE) + 1;
    return (lanes){__builtin_shuffle(a, b, even), __builtin_shuffle(a, b, odd)};
}

PT_INLINE lanes NAME(mix)(vec re, vec im)
{
    return (lanes){NAME(low)(re, im), NAME(high)(re, im)};
}

/* LANES columns from j2 on, to `middle`. */
PT_INLINE void NAME(column)(NAME(fft) *own, int64_t j2, const int forward)
{
    for (int64_t j1 = 0; j1 < own->n1; j1++)
        NAME(take)(own->circle, j1 * own->n2 + j2, (REAL *)(own->x + j1));
    for (int64_t j1 = 0; j1 < own->n1; j1++) {
        lanes v = NAME(part)(own->x[j1].r, own->x[j1].i);
        own->x[j1] = forward ? (lanes){v.i, v.r} : v;
    }
    const lanes *found = NAME(passes)(&own->columns, own->x, own->y);
    lanes *to = own->middle + j2 / LANES * own->n1;
    for (int64_t k1 = 0; k1 < own->n1; k1++) {
        double re, im;
        root(&own->all, j2 * k1, &re, &im);
        REAL a = (REAL)re, b = (REAL)im;
        lanes w = own->lane_root[k1], v = found[k1];
        w = (lanes){w.r * a - w.i * b, w.r * b + w.i * a};
        to[k1] = (lanes){v.r * w.r - v.i * w.i, v.r * w.i + v.i * w.r};
    }
}

/* LANES outputs from k on, where they are wanted. */
PT_INLINE void NAME(give)(const pt_circle *circle, int64_t k, lanes v, REAL *out)
{
    int64_t before = circle->before, after = circle->after, tail = circle->length - before;
    lanes both = NAME(mix)(v.r, v.i);
    if (k + LANES <= after) {
        NAME(store)(out + 2 * (before + k), both.r);
        NAME(store)(out + 2 * (before + k) + LANES, both.i);
    } else if (k < after) {
        memcpy(out + 2 * (before + k), &both, 2 * (size_t)(after - k) * sizeof *out);
    }
    if (k >= tail)
        memcpy(out + 2 * (k - tail), &both, sizeof both);
    else if (k + LANES > tail)
        memcpy(out, (REAL *)&both + 2 * (tail - k), 2 * (size_t)(k + LANES - tail) * sizeof *out);
}

/* LANES rows from k1 on, to the output. */
PT_INLINE void NAME(line)(NAME(fft) *own, int64_t k1, const int forward, REAL *out)
{
    for (int64_t j2 = 0; j2 < own->n2; j2 += LANES) {
        const lanes *from = own->middle + j2 / LANES * own->n1 + k1;
        vec re[LANES], im[LANES];
#pragma GCC unroll 16
        for (int l = 0; l < LANES; l++)
            re[l] = from[l].r;
        NAME(transpose)(re, 1);
#pragma GCC unroll 16
        for (int l = 0; l < LANES; l++)
            own->x[j2 + l].r = re[l];
#pragma GCC unroll 16
        for (int l = 0; l < LANES; l++)
            im[l] = from[l].i;
        NAME(transpose)(im, 1);
#pragma GCC unroll 16
        for (int l = 0; l < LANES; l++)
            own->x[j2 + l].i = im[l];
    }
    const lanes *found = NAME(passes)(&own->rows, own->x, own->y);
    for (int64_t k2 = 0; k2 < own->n2; k2++) {
        lanes v = found[k2];
        NAME(give)(own->circle, k1 + own->n1 * k2, forward ? (lanes){v.i, v.r} : v, out);
    }
}

static int NAME(long_fft)(const pt_circle *circle, const int forward, REAL *out)
{
    int bits = log2_of(circle->length);
    NAME(fft) own = {.circle = circle, .n1 = (int64_t)1 << bits / 2};
    own.n2 = circle->length / own.n1;
    size_t sizes = (size_t)(own.n1 + 2 * own.n2 + (circle->room ? 0 : circle->length / LANES));
    lanes *memory = large(sizes * sizeof(lanes), sizeof(lanes));
    REAL *factors = malloc(4 * (size_t)(own.n1 + own.n2) * sizeof *factors);
    if (!memory || !factors || roots_open(&own.all, bits)) {
        free(memory);
        free(factors);
        return PT_NO_MEMORY;
    }
    own.x = memory;
    own.y = own.x + own.n2;
    own.lane_root = own.y + own.n2;
    own.middle = circle->room ? aligned(circle->room) : own.lane_root + own.n1;
    int64_t used = NAME(prepare)(&own.columns, bits / 2, &own.all, factors);
    NAME(prepare)(&own.rows, bits - bits / 2, &own.all, factors + used);
    for (int64_t k1 = 0; k1 < own.n1; k1++)
        for (int l = 0; l < LANES; l++) {
            double re, im;
            root(&own.all, l * k1, &re, &im);
            own.lane_root[k1].r[l] = (REAL)re;
            own.lane_root[k1].i[l] = (REAL)im;
        }
    for (int64_t j2 = 0; j2 < own.n2; j2 += LANES)
        NAME(column)(&own, j2, forward);
    for (int64_t k1 = 0; k1 < own.n1; k1 += LANES)
        NAME(line)(&own, k1, forward, out);
    roots_close(&own.all);
    free(factors);
    free(memory);
    return PT_OK;
}

static int NAME(inverse)(const pt_circle *circle, REAL *out)
{
    return NAME(long_fft)(circle, 0, out);
}

#if defined(PT_F64)
/* E + w O and its mirror image from the FFT of pairs of real numbers, in place. */
PT_INLINE void NAME(real_pair)(const roots *all, int64_t k, REAL *low, REAL *high)
{
    double re, im;
    root(all, k, &re, &im);
    double er = (low[0] + high[0]) / 2, ei = (low[1] - high[1]) / 2;
    double or = (low[1] + high[1]) / 2, oi = (high[0] - low[0]) / 2;
    double wr = or * re + oi * im, wi = oi * re - or * im;
    low[0] = er + wr;
    low[1] = ei + wi;
    high[0] = er - wr;
    high[1] = wi - ei;
}

/* Bins 0 … n/2 of 2 `half` real numbers, the first `count` of them at x, then zeros. */
static int NAME(forward)(const double *x, int64_t count, int64_t half, double *out)
{
    roots all;
    if (roots_open(&all, log2_of(half) + 1))
        return PT_NO_MEMORY;
    pt_circle circle = {x, count / 2, 0, half, 1.0, 0, half, NULL};
    int code = NAME(long_fft)(&circle, 1, out);
    out[2 * half] = out[0];
    out[2 * half + 1] = out[1];
    for (int64_t k = 0; k < half / 2 && code == PT_OK; k++)
        NAME(real_pair)(&all, k, out + 2 * k, out + 2 * (half - k));
    out[half + 1] = -out[half + 1]; /* bin half / 2 */
    roots_close(&all);
    return code;
}
#endif
