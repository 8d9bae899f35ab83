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

#if PT_BYTES > 16
/* The same for D < PAIRS, from b with every point repeated D times. */
PT_INLINE void NAME(narrow)(const REAL *b, const REAL *window, const REAL *carrier, int32_t d,
                            const int32_t reach, int64_t points, REAL *out, REAL *repeated)
{
    for (int64_t m = 0; m < points + reach - 1; m++)
        for (int32_t i = 0; i < d; i++)
            memcpy(repeated + 2 * (m * d + i), b + 2 * m, 2 * sizeof *b);
    vec tap[PT_MAX_REACH];
    for (int k = 0; k < reach; k++)
        for (int i = 0; i < LANES; i++)
            tap[k][i] = window[2 * d * k + i % (2 * d)];
    for (int64_t i = 0; i < 2 * points * d; i += LANES) {
        vec even = tap[0] * NAME(load)(repeated + i);
        vec odd = tap[1] * NAME(load)(repeated + i + 2 * d);
        for (int k = 2; k < reach; k += 2) {
            even += tap[k] * NAME(load)(repeated + i + 2 * d * k);
            odd += tap[k + 1] * NAME(load)(repeated + i + 2 * d * (k + 1));
        }
        NAME(store)(out + i, NAME(turn)(even + odd, NAME(load)(carrier + i)));
    }
}
#endif

/* What a row needs beside its arguments. */
typedef struct {
    REAL *down;      /* exp(-i omega D m), for the inputs of a block */
    REAL *up;        /* exp(i omega t), for its outputs */
    REAL *window;    /* each number twice */
    REAL *turned;    /* v */
    REAL *filtered;  /* b */
    REAL *repeated;
    REAL *spare;     /* outputs of the last block, which may be cut short */
    REAL *room;      /* of the filter */
} NAME(desk);

#define desk NAME(desk)

/* Complex numbers that block buffers have room for beyond what a block needs: whole vectors. */
enum { NAME(SLACK) = 8 * LANES };

PT_INLINE void NAME(upsample)(const pt_row *row, const desk *own, int64_t points, REAL *out)
{
    int32_t d = row->decimation;
    const REAL *b = own->filtered;
#if PT_BYTES > 16
    if (d < PAIRS) {
        if (row->reach == 8)
            NAME(narrow)(b, own->window, own->up, d, 8, points, out, own->repeated);
        else
            NAME(narrow)(b, own->window, own->up, d, row->reach, points, out, own->repeated);
        return;
    }
#endif
    if (row->reach == 8)
        NAME(wide)(b, own->window, own->up, d, 8, points, out);
    else if (row->reach == 14)
        NAME(wide)(b, own->window, own->up, d, 14, points, out);
    else
        NAME(wide)(b, own->window, own->up, d, row->reach, points, out);
}

/* b for `points` points of the band and those that the interpolation needs around them. */
static void NAME(lower)(const pt_row *row, const desk *own, const REAL *band, int64_t points)
{
    int64_t outputs = points + (row->reach ? row->reach - 1 : 0);
    int64_t inputs = outputs + 2 * row->half;
    int64_t whole = inputs / PAIRS * PAIRS;
    NAME(product)(band, own->down, own->turned, whole);
    for (int64_t i = whole; i < inputs; i++) {
        const REAL *x = band + 2 * i, *y = own->down + 2 * i;
        own->turned[2 * i] = x[0] * y[0] - x[1] * y[1];
        own->turned[2 * i + 1] = x[0] * y[1] + x[1] * y[0];
    }
    NAME(filter)(own->turned + 2 * row->half, 2, row->taps, row->half, own->filtered, 2 * outputs,
                 (vec *)own->room);
}

/* The output of `points` points of the band from `band` on; a whole number of vectors. */
static void NAME(block)(const pt_row *row, const desk *own, const REAL *band, int64_t points,
                        REAL *out)
{
    NAME(lower)(row, own, band, points);
    if (row->reach)
        NAME(upsample)(row, own, points, out);
    else
        NAME(product)(own->filtered, own->up, out, (points + PAIRS - 1) / PAIRS * PAIRS);
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
    size_t room = NAME(filter_room)(row->half, 2 * (int64_t)(points + k)) * PAIRS;
    size_t sizes[] = {inputs, PT_BLOCK + slack, k * d, inputs, points + k + slack,
                      PT_BLOCK + k * d + slack, PT_BLOCK + slack, room};
    REAL **parts[] = {&own->down, &own->up, &own->window, &own->turned, &own->filtered,
                      &own->repeated, &own->spare, &own->room};
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
    const REAL *band = row->band;
    int64_t done = 0;
    for (; count - done >= PT_BLOCK; done += PT_BLOCK)
        NAME(block)(row, &own, band + 2 * (done / d), PT_BLOCK / d, out + 2 * done);
    if (done < count) {
        int64_t points = (count - done + d - 1) / d;
        NAME(block)(row, &own, band + 2 * (done / d), points, own.spare);
        memcpy(out + 2 * done, own.spare, 2 * (size_t)(count - done) * sizeof *out);
    }
    free(memory);
    return PT_OK;
}
