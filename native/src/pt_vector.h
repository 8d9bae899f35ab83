/* Vectors in one precision and one width, and symmetric filters. Included by pt_hot.c, once for each
 * REAL; LANES is the number of REALs in a vector, NAME(x) gives x a suffix. */

typedef REAL NAME(vec) __attribute__((vector_size(PT_BYTES)));
/* The same at any address. */
typedef REAL NAME(loose) __attribute__((vector_size(PT_BYTES), aligned(sizeof(REAL)), may_alias));

#define vec NAME(vec)
#define loose NAME(loose)
#define PAIRS (LANES / 2)

PT_INLINE vec NAME(load)(const REAL *p)
{
    return (vec) * (const loose *)p;
}

PT_INLINE void NAME(store)(REAL *p, vec x)
{
    *(loose *)p = (loose)x;
}

#define mask NAME(mask)
#if defined(PT_F64)
typedef int64_t mask __attribute__((vector_size(PT_BYTES)));
#else
typedef int32_t mask __attribute__((vector_size(PT_BYTES)));
#endif

/* Numbers of the lanes, written out: masks that a loop makes are not always made at compile time. */
static const mask NAME(LANE) = {
#if LANES > 8
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
#elif LANES > 4
    0, 1, 2, 3, 4, 5, 6, 7,
#elif LANES > 2
    0, 1, 2, 3,
#else
    0, 1,
#endif
};

/* a and b by turns: the first LANES numbers of that, and the others. */
PT_INLINE vec NAME(low)(vec a, vec b)
{
    mask from = NAME(LANE) / 2 + (NAME(LANE) & 1) * LANES;
    return __builtin_shuffle(a, b, from);
}

PT_INLINE vec NAME(high)(vec a, vec b)
{
    mask from = NAME(LANE) / 2 + (NAME(LANE) & 1) * LANES + LANES / 2;
    return __builtin_shuffle(a, b, from);
}

/* Rows become columns: each vector is a row of LANES / unit elements of `unit` REALs, and there are
 * as many vectors. Blocks of twice the size at each step. */
PT_INLINE void NAME(transpose)(vec *v, const int unit)
{
#pragma GCC unroll 4
    for (int h = 1; h < LANES / unit; h *= 2) {
        mask upper = (NAME(LANE) / unit & h) != 0;
        mask first = NAME(LANE) + (upper & (LANES - h * unit));
        mask second = NAME(LANE) + (upper & LANES) + (~upper & h * unit);
#pragma GCC unroll 16
        for (int r = 0; r < LANES / unit; r++)
            if (!(r & h)) {
                vec a = v[r], b = v[r + h];
                v[r] = __builtin_shuffle(a, b, first);
                v[r + h] = __builtin_shuffle(a, b, second);
            }
    }
}

/* x y, lane by lane of complex numbers. */
PT_INLINE vec NAME(turn)(vec x, vec y)
{
    vec re, im, swapped, sign;
    for (int i = 0; i < LANES; i++) {
        re[i] = y[i & ~1];
        im[i] = y[i | 1];
        swapped[i] = x[i ^ 1];
        sign[i] = i & 1 ? 1 : -1;
    }
    return x * re + swapped * (im * sign);
}

/* out[i] = sum_j taps[|j|] x[i + step j] for i < count rounded up to four vectors: step 1 for real
 * numbers, 2 for complex ones, which count twice. With `between` 1 what lies half a step to the right
 * of i: sum_j taps[j - 1] (x[i + step (1 - j)] + x[i + step j]), 1 <= j <= half. */
PT_INLINE void NAME(filter_few)(const REAL *x, const int32_t step, const REAL *taps, int32_t half,
                                const int between, REAL *out, int64_t count)
{
    enum { WIDE = 4 };
    for (int64_t i = 0; i < count; i += WIDE * LANES) {
        const REAL *at = x + i, *left = at + between * step;
        vec sum[WIDE];
        for (int w = 0; w < WIDE; w++)
            sum[w] = between ? (vec){0} : NAME(load)(at + w * LANES) * taps[0];
        for (int32_t j = 1; j <= half; j++)
            for (int w = 0; w < WIDE; w++)
                sum[w] += taps[j - between] * (NAME(load)(left + w * LANES - step * j) +
                                               NAME(load)(at + w * LANES + step * j));
        for (int w = 0; w < WIDE; w++)
            NAME(store)(out + i + w * LANES, sum[w]);
    }
}

/* The same for at[m], m = 0 ... 3: a filter in each lane. What four outputs have in common stays in
 * registers. */
PT_INLINE void NAME(filter_four)(const vec *at, const REAL *taps, int32_t half, const int between,
                                 vec *out)
{
    const vec *from = at + between;
    vec left[4], right[4], sum[4];
    for (int w = 0; w < 4; w++) {
        left[w] = from[w];
        right[w] = at[w];
        sum[w] = between ? (vec){0} : at[w] * taps[0];
    }
    int32_t j = 1;
    for (; j + 3 <= half; j += 4) {
#pragma GCC unroll 4
        for (int u = 0; u < 4; u++) {
            left[3 - u] = from[-j - u];
            right[u] = at[3 + j + u];
#pragma GCC unroll 4
            for (int w = 0; w < 4; w++)
                sum[w] += taps[j + u - between] * (left[(w + 3 - u) & 3] + right[(w + 1 + u) & 3]);
        }
    }
    for (; j <= half; j++)
        for (int w = 0; w < 4; w++)
            sum[w] += taps[j - between] * (from[w - j] + at[w + j]);
    for (int w = 0; w < 4; w++)
        out[w] = sum[w];
}

/* Elements of `step` REALs are dealt out to the lanes in runs of this length, `count` REALs of
 * outputs in all: whole fours, and whole squares of lanes. */
PT_INLINE int64_t NAME(run)(const int step, int64_t count)
{
    const int whole = LANES / step < 4 ? 4 : LANES / step;
    return ((count + LANES - 1) / LANES + whole - 1) / whole * whole;
}

/* REALs that are read of x for outputs in runs of that length. */
PT_INLINE int64_t NAME(run_reads)(const int step, int64_t run, int32_t half)
{
    return run * LANES + step * (2 * (int64_t)half) + LANES;
}

/* Deals x out to the lanes: `rows` rows of runs. `down`, or NULL, is multiplied with it. */
PT_INLINE void NAME(deal)(const REAL *x, const int step, int64_t run, int64_t rows,
                          const REAL *down, vec *out)
{
    const int n = LANES / step;
    for (int64_t m = 0; m < rows; m += n) {
        vec v[LANES];
#pragma GCC unroll 16
        for (int l = 0; l < n; l++) {
            int64_t at = step * (l * run + m);
            /* Several places at once are too much for the processor's own guesses. */
            __builtin_prefetch(x + at + run * LANES);
            v[l] = NAME(load)(x + at);
            if (down)
                v[l] = NAME(turn)(v[l], NAME(load)(down + at));
        }
        NAME(transpose)(v, step);
#pragma GCC unroll 16
        for (int l = 0; l < n; l++)
            out[m + l] = v[l];
    }
}

/* The other way: n rows from time m of runs on. */
PT_INLINE void NAME(collect)(vec *v, const int step, int64_t run, int64_t m, const REAL *up,
                             REAL *out)
{
    const int n = LANES / step;
    NAME(transpose)(v, step);
#pragma GCC unroll 16
    for (int l = 0; l < n; l++) {
        int64_t at = step * (l * run + m);
        __builtin_prefetch(out + at + run * LANES, 1);
        NAME(store)(out + at, up ? NAME(turn)(v[l], NAME(load)(up + at)) : v[l]);
    }
}

/* out[i] = sum_j taps[|j|] v[i + step (j + half)], v = x down or x, for `count` REALs in whole runs.
 * There is room for run_reads() REALs. */
PT_INLINE void NAME(filter)(const REAL *x, const int step, const REAL *taps, int32_t half,
                            const REAL *down, REAL *out, int64_t count, vec *room)
{
    const int n = LANES / step;
    int64_t run = NAME(run)(step, count);
    NAME(deal)(x, step, run, run + 2 * half, down, room);
    for (int64_t m = 0; m < run; m += n < 4 ? 4 : n) {
        vec v[LANES < 4 ? 4 : LANES];
#pragma GCC unroll 4
        for (int w = 0; w < (n < 4 ? 4 : n); w += 4)
            NAME(filter_four)(room + half + m + w, taps, half, 0, v + w);
#pragma GCC unroll 4
        for (int w = 0; w < (n < 4 ? 4 : n); w += n)
            NAME(collect)(v + w, step, run, m + w, NULL, out);
    }
}
