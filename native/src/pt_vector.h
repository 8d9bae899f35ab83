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

/* Rows become columns: each vector is a row of LANES / unit elements of `unit` REALs, and there are
 * as many vectors. Blocks of twice the size at each step. */
PT_INLINE void NAME(transpose)(vec *v, const int unit)
{
#pragma GCC unroll 4
    for (int h = 1; h < LANES / unit; h *= 2) {
        mask first, second;
        for (int i = 0; i < LANES; i++) {
            int upper = i / unit & h;
            first[i] = upper ? LANES + i - h * unit : i;
            second[i] = upper ? LANES + i : i + h * unit;
        }
#pragma GCC unroll 16
        for (int r = 0; r < LANES / unit; r++)
            if (!(r & h)) {
                vec a = v[r], b = v[r + h];
                v[r] = __builtin_shuffle(a, b, first);
                v[r + h] = __builtin_shuffle(a, b, second);
            }
    }
}

/* out[i] = sum_j taps[|j|] x[i + step j] for i < count rounded up to four vectors: step 1 for real
 * numbers, 2 for complex ones, which count twice. */
PT_INLINE void NAME(filter_few)(const REAL *x, const int32_t step, const REAL *taps, int32_t half,
                            REAL *out, int64_t count)
{
    enum { WIDE = 4 };
    for (int64_t i = 0; i < count; i += WIDE * LANES) {
        const REAL *at = x + i;
        vec sum[WIDE];
        for (int w = 0; w < WIDE; w++)
            sum[w] = NAME(load)(at + w * LANES) * taps[0];
        for (int32_t j = 1; j <= half; j++)
            for (int w = 0; w < WIDE; w++)
                sum[w] += taps[j] * (NAME(load)(at + w * LANES - step * j) +
                                     NAME(load)(at + w * LANES + step * j));
        for (int w = 0; w < WIDE; w++)
            NAME(store)(out + i + w * LANES, sum[w]);
    }
}

/* y[m] = sum_j taps[|j|] x[m + j] for m < count, a multiple of 4: a filter in each lane. What four
 * outputs have in common stays in registers. */
PT_INLINE void NAME(filter_lanes)(const vec *x, const REAL *taps, int32_t half, int64_t count,
                                  vec *y)
{
    for (int64_t m = 0; m < count; m += 4) {
        const vec *at = x + m;
        vec left[4], right[4], sum[4];
        for (int w = 0; w < 4; w++) {
            left[w] = right[w] = at[w];
            sum[w] = at[w] * taps[0];
        }
        int32_t j = 1;
        for (; j + 3 <= half; j += 4) {
#pragma GCC unroll 4
            for (int u = 0; u < 4; u++) {
                left[3 - u] = at[-j - u];
                right[u] = at[3 + j + u];
#pragma GCC unroll 4
                for (int w = 0; w < 4; w++)
                    sum[w] += taps[j + u] * (left[(w + 3 - u) & 3] + right[(w + 1 + u) & 3]);
            }
        }
#pragma GCC unroll 3
        for (int u = 0; u < 3; u++)
            if (j + u <= half) {
                left[3 - u] = at[-j - u];
                right[u] = at[3 + j + u];
#pragma GCC unroll 4
                for (int w = 0; w < 4; w++)
                    sum[w] += taps[j + u] * (left[(w + 3 - u) & 3] + right[(w + 1 + u) & 3]);
            }
        for (int w = 0; w < 4; w++)
            y[m + w] = sum[w];
    }
}

/* Elements of `step` REALs are dealt out to as many lanes in runs, of a multiple of this. */
PT_INLINE int NAME(whole)(const int step)
{
    return LANES / step < 4 ? 4 : LANES / step;
}

/* Vectors of room that filter() needs for `count` REALs. */
PT_INLINE size_t NAME(filter_room)(int32_t half, int64_t count)
{
    return 2 * ((size_t)count / LANES + 1 + NAME(whole)(1)) + 2 * (size_t)half + LANES;
}

/* As filter_few(); x is read as far beyond its end as out is written, and one vector more. */
PT_INLINE void NAME(filter)(const REAL *x, const int step, const REAL *taps, int32_t half,
                            REAL *out, int64_t count, vec *room)
{
    const int n = LANES / step;
    int64_t run = (count + LANES - 1) / LANES;
    run = (run + NAME(whole)(step) - 1) / NAME(whole)(step) * NAME(whole)(step);
    if (count < 8 * LANES) {
        NAME(filter_few)(x, step, taps, half, out, count);
        return;
    }
    vec v[LANES], *rows = room, *found = room + (run + 2 * half + n - 1) / n * n;
    for (int64_t m = 0; m < run + 2 * half; m += n) {
#pragma GCC unroll 16
        for (int l = 0; l < n; l++)
            v[l] = NAME(load)(x + step * (l * run + m - half));
        NAME(transpose)(v, step);
#pragma GCC unroll 16
        for (int l = 0; l < n; l++)
            rows[m + l] = v[l];
    }
    NAME(filter_lanes)(rows + half, taps, half, run, found);
    for (int64_t m = 0; m < run; m += n) {
#pragma GCC unroll 16
        for (int l = 0; l < n; l++)
            v[l] = found[m + l];
        NAME(transpose)(v, step);
#pragma GCC unroll 16
        for (int l = 0; l < n; l++)
            NAME(store)(out + step * (l * run + m), v[l]);
    }
}
