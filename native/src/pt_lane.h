/* The rows in one precision and one width of vector. Included by pt_hot.c after pt_vector.h. A
 * vector holds LANES / 2 complex numbers, real and imaginary parts by turns. */

/* One complex number in all places. */
PT_INLINE vec NAME(spread)(const REAL *p)
{
    if (sizeof(REAL) == 4) {
        typedef int64_t whole __attribute__((vector_size(PT_BYTES)));
        int64_t both;
        memcpy(&both, p, sizeof both);
        return (vec)((whole){0} + both);
    }
    vec x;
    for (int i = 0; i < LANES; i++)
        x[i] = p[i & 1];
    return x;
}

/* out = x y for `count` complex numbers, a multiple of PAIRS. */
PT_INLINE void NAME(product)(const REAL *x, const REAL *y, REAL *out, int64_t count)
{
    for (int64_t i = 0; i < 2 * count; i += LANES)
        NAME(store)(out + i, NAME(turn)(NAME(load)(x + i), NAME(load)(y + i)));
}

/* Interpolation to D >= PAIRS points: window[k][d] comes twice, for real and imaginary part. */
PT_INLINE void NAME(wide)(const REAL *b, const REAL *window, const REAL *carrier, int32_t d,
                          const int32_t reach, int64_t points, REAL *out)
{
    for (int64_t m = 0; m < points; m++) {
        vec tap[PT_MAX_REACH];
        for (int k = 0; k < reach; k++)
            tap[k] = NAME(spread)(b + 2 * (m + k));
        const REAL *up = carrier + 2 * m * d;
        REAL *to = out + 2 * m * d;
        for (int32_t i = 0; i < 2 * d; i += LANES) {
            vec even = tap[0] * NAME(load)(window + i);
            vec odd = tap[1] * NAME(load)(window + 2 * d + i);
            for (int k = 2; k < reach; k += 2) {
                even += tap[k] * NAME(load)(window + 2 * d * k + i);
                odd += tap[k + 1] * NAME(load)(window + 2 * d * (k + 1) + i);
            }
            NAME(store)(to + i, NAME(turn)(even + odd, NAME(load)(up + i)));
        }
    }
}

/* The same for D < PAIRS in runs of points, one in each lane, from b at each point and those that
 * the interpolation reaches. */
PT_INLINE void NAME(narrow)(const vec *b, const REAL *window, const REAL *carrier, const int32_t d,
                            const int32_t reach, int64_t run, REAL *out)
{
    for (int64_t m = 0; m < run; m += PAIRS / d) {
        vec v[PAIRS];
#pragma GCC unroll 8
        for (int t = 0; t < PAIRS; t++) {
            const vec *at = b + m + t / d;
            const REAL *tap = window + t % d;
            if (reach == 0) {
                v[t] = at[0];
                continue;
            }
            vec even = at[0] * tap[0], odd = at[1] * tap[d];
#pragma GCC unroll 8
            for (int k = 2; k < reach; k += 2) {
                even += at[k] * tap[k * d];
                odd += at[k + 1] * tap[(k + 1) * d];
            }
            v[t] = even + odd;
        }
        NAME(collect)(v, 2, run * d, m * d, carrier, out);
    }
}

/* What a row needs beside its arguments. */
typedef struct {
    int64_t inputs;  /* complex samples of the band that a block may read */
    REAL *down;      /* exp(-i omega D m), for the inputs of a block; then zeros */
    REAL *up;        /* exp(i omega t), for its outputs */
    REAL *window;    /* each number twice */
    REAL *padded;    /* the end of the band */
    REAL *turned;    /* v */
    REAL *filtered;  /* b */
    REAL *spare;     /* outputs of the last block, which may be cut short */
    vec *room;       /* of the filter */
} NAME(desk);

#define desk NAME(desk)

/* Complex numbers that block buffers have room for beyond what a block needs: whole vectors. */
enum { NAME(SLACK) = 8 * LANES };

/* Points that an interpolation reaches to the right of the last one. */
PT_INLINE int32_t NAME(beyond)(const pt_row *row)
{
    return row->reach ? row->reach - 1 : 0;
}

/* The band from sample `at` on, with zeros where it ends too early for a block. */
static const REAL *NAME(inputs)(const pt_row *row, const desk *own, const REAL *band, int64_t at)
{
    int64_t left = row->band_length - at;
    if (left >= own->inputs)
        return band + 2 * at;
    memcpy(own->padded, band + 2 * at, 2 * (size_t)left * sizeof *band);
    memset(own->padded + 2 * left, 0, 2 * (size_t)(own->inputs - left) * sizeof *band);
    return own->padded;
}

/* b for `points` points of the band from `at` on, and those that the interpolation needs. */
static void NAME(lower)(const pt_row *row, const desk *own, const REAL *band, int64_t at,
                        int64_t points)
{
    int64_t outputs = points + NAME(beyond)(row);
    int64_t whole = (outputs + 2 * (int64_t)row->half + PAIRS - 1) / PAIRS * PAIRS;
    const REAL *x = NAME(inputs)(row, own, band, at), *taps = row->taps;
    if (2 * outputs >= 8 * LANES) {
        NAME(filter)(x, 2, taps, row->half, own->down, own->filtered, 2 * outputs, own->room);
        return;
    }
    NAME(product)(x, own->down, own->turned, whole);
    NAME(filter_few)(own->turned + 2 * row->half, 2, taps, row->half, 0, own->filtered, 2 * outputs);
}

/* A whole block of a row with D < PAIRS or D = 1. */
PT_INLINE void NAME(dense_block)(const pt_row *row, const desk *own, const REAL *x,
                                 const int32_t d, const int32_t reach, REAL *out)
{
    int64_t run = PT_BLOCK / d / PAIRS, half = row->half;
    int64_t rows = (run + NAME(beyond)(row) + 3) / 4 * 4;
    vec *b = own->room + (rows + 2 * half + PAIRS - 1) / PAIRS * PAIRS;
    NAME(deal)(x, 2, run, rows + 2 * half, own->down, own->room);
    for (int64_t m = 0; m < rows; m += 4)
        NAME(filter_four)(own->room + half + m, row->taps, row->half, 0, b + m);
    NAME(narrow)(b, row->window, own->up, d, reach, run, out);
}

PT_INLINE void NAME(sparse_block)(const desk *own, int32_t d, const int32_t reach, REAL *out)
{
    NAME(wide)(own->filtered, own->window, own->up, d, reach, PT_BLOCK / d, out);
}

/* PT_BLOCK outputs from sample `at` of the band on. */
static void NAME(block)(const pt_row *row, const desk *own, int64_t at, REAL *out)
{
    int32_t d = row->decimation, reach = row->reach;
    if (d == 1 || d < PAIRS) {
        const REAL *x = NAME(inputs)(row, own, row->band, at);
        if (d == 1)
            NAME(dense_block)(row, own, x, 1, 0, out);
#if LANES > 4
        else if (d == 2 && reach == 8)
            NAME(dense_block)(row, own, x, 2, 8, out);
        else if (d == 2 && reach == 14)
            NAME(dense_block)(row, own, x, 2, 14, out);
        else if (d == 2)
            NAME(dense_block)(row, own, x, 2, reach, out);
#endif
#if LANES > 8
        else if (reach == 8)
            NAME(dense_block)(row, own, x, 4, 8, out);
        else
            NAME(dense_block)(row, own, x, 4, reach, out);
#endif
        return;
    }
    NAME(lower)(row, own, row->band, at, PT_BLOCK / d);
    if (reach == 8)
        NAME(sparse_block)(own, d, 8, out);
    else if (reach == 14)
        NAME(sparse_block)(own, d, 14, out);
    else
        NAME(sparse_block)(own, d, reach, out);
}

static void NAME(turns)(double step, int64_t first, int64_t count, double *work, REAL *out)
{
    phases_f64(step, first, count, work);
    for (int64_t i = 0; i < 2 * count; i++)
        out[i] = (REAL)work[i];
}

/* Lays out the desk in one piece of memory, or says how many REALs that takes. */
static size_t NAME(furnish)(const pt_row *row, desk *own, REAL *memory)
{
    size_t d = (size_t)row->decimation, k = (size_t)row->reach;
    size_t points = PT_BLOCK / d, slack = NAME(SLACK);
    size_t inputs = points + k + 2 * (size_t)row->half + slack;
    size_t room = PAIRS * (2 * (points / PAIRS + k + slack) + 2 * (size_t)row->half);
    size_t sizes[] = {inputs, PT_BLOCK, k * d, inputs, inputs, points + k + slack, PT_BLOCK, room};
    REAL **parts[] = {&own->down, &own->up, &own->window, &own->padded, &own->turned,
                      &own->filtered, &own->spare, (REAL **)&own->room};
    own->inputs = (int64_t)inputs;
    size_t used = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (memory)
            *parts[i] = memory + used;
        used += (2 * sizes[i] + 31) / 32 * 32;
    }
    return used;
}

static void NAME(tables)(const pt_row *row, const desk *own, double *work)
{
    int32_t d = row->decimation, k = row->reach;
    int64_t before = pt_before(row);
    NAME(turns)(-row->omega * d, -before, PT_BLOCK / d + k + 2 * row->half, work, own->down);
    NAME(turns)(row->omega, 0, PT_BLOCK, work, own->up);
    const REAL *window = row->window;
    for (int32_t i = 0; i < k * d; i++)
        own->window[2 * i] = own->window[2 * i + 1] = window[i];
}

/* Memory for a desk, laid out and its tables filled; NULL where there is none. */
static REAL *NAME(open)(const pt_row *row, desk *own)
{
    size_t need = (NAME(furnish)(row, own, NULL) * sizeof(REAL) + 63) / 64 * 64;
    int64_t longest = PT_BLOCK + row->reach + 2 * (int64_t)row->half;
    REAL *memory = aligned_alloc(64, need);
    double *work = malloc(2 * (size_t)longest * sizeof *work);
    if (memory && work) {
        memset(memory, 0, need);
        NAME(furnish)(row, own, memory);
        NAME(tables)(row, own, work);
    } else {
        free(memory);
        memory = NULL;
    }
    free(work);
    return memory;
}

static int NAME(row)(const pt_row *row, int64_t count, REAL *out)
{
    desk own;
    REAL *memory = NAME(open)(row, &own);
    if (!memory)
        return PT_NO_MEMORY;
    int32_t d = row->decimation;
    int64_t done = 0;
    for (; count - done >= PT_BLOCK; done += PT_BLOCK)
        NAME(block)(row, &own, done / d, out + 2 * done);
    if (done < count) {
        NAME(block)(row, &own, done / d, own.spare);
        memcpy(out + 2 * done, own.spare, 2 * (size_t)(count - done) * sizeof *out);
    }
    free(memory);
    return PT_OK;
}
