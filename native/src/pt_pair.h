/* Wavelet coherence in one precision and one width of vector. Included by pt_hot.c after
 * pt_lane.h. Here the lanes of a vector are LANES neighbouring points of a band; a value at their
 * D outputs each is a tile, D vectors. */

PT_INLINE vec NAME(choose)(mask where, vec a, vec b)
{
    return (vec)(((mask)a & where) | ((mask)b & ~where));
}

/* atan(x) / x as a polynomial in x^2 for |x| <= tan(pi / 8): Chebyshev expansions, cut where the
 * error is 2e-10 and 6e-16. */
static const REAL NAME(ATAN)[] = {
#if defined(PT_F64)
    0.9999999999999984, -0.3333333333322662, 0.19999999984156674, -0.14285713171575384,
    0.11111067389605644, -0.09089866830197706, 0.07676465601300506, -0.0650971478337617,
    0.04871159396878613, -0.011584606478433335, -0.049334089495032915, 0.06722314976539658,
#else
    0.9999999993920992f, -0.3333330749340074f, 0.1999821079626346f, -0.1423998289725579f,
    0.10572814328545221f, -0.06033241345539896f,
#endif
};

/* Angle of x + iy in (-pi, pi]; 0 for 0. */
PT_INLINE vec NAME(angle)(vec x, vec y)
{
    const vec zero = {0};
    vec ax = NAME(choose)(x < zero, -x, x), ay = NAME(choose)(y < zero, -y, y);
    mask steep = ay > ax;
    vec high = NAME(choose)(steep, ay, ax), low = NAME(choose)(steep, ax, ay);
    mask large = low > high * (REAL)0.41421356237309503; /* tan(pi / 8) */
    vec above = NAME(choose)(large, low - high, low);
    vec below = NAME(choose)(large, low + high, high);
    vec t = above / NAME(choose)(below == zero, zero + 1, below);
    vec z = t * t;
    enum { TERMS = sizeof NAME(ATAN) / sizeof NAME(ATAN)[0] };
    vec sum = zero + NAME(ATAN)[TERMS - 1];
    for (int i = TERMS - 2; i >= 0; i--)
        sum = sum * z + NAME(ATAN)[i];
    sum = sum * t + NAME(choose)(large, zero + (REAL)0.78539816339744831, zero);
    sum = NAME(choose)(steep, (REAL)1.5707963267948966 - sum, sum);
    sum = NAME(choose)(x < zero, (REAL)3.1415926535897932 - sum, sum);
    return NAME(choose)(y < zero, -sum, sum);
}

/* The window as tile() wants it. Points k and K - 1 - k have the same weights at outputs i and D - i
 * the other way round, so sums and differences of points serve both: for i = 1 ... D/2 - 1 half the
 * sums of both weights, then half the differences; before that all weights of i = 0, and last those of
 * D/2, where both are equal. */
static void NAME(fold)(const REAL *window, int32_t d, int32_t reach, REAL *folded)
{
    int32_t half = reach / 2;
    for (int32_t k = 0; k < reach; k++)
        folded[k] = window[k * d];
    for (int32_t i = 1; i < d / 2; i++)
        for (int32_t k = 0; k < half; k++) {
            REAL left = window[k * d + i], right = window[(reach - 1 - k) * d + i];
            folded[i * reach + k] = (left + right) / 2;
            folded[i * reach + half + k] = (left - right) / 2;
        }
    for (int32_t k = 0; k < half; k++)
        folded[d / 2 * reach + k] = window[k * d + d / 2];
}

/* A tile from the points at b on. */
PT_INLINE void NAME(tile)(const REAL *b, const REAL *folded, int32_t d, const int32_t reach,
                          REAL *tile)
{
    const int half = reach / 2;
    vec both[PT_MAX_REACH / 2], apart[PT_MAX_REACH / 2];
    vec first = {0}, middle = {0};
    for (int k = 0; k < half; k++) {
        vec left = NAME(load)(b + k), right = NAME(load)(b + reach - 1 - k);
        both[k] = left + right;
        apart[k] = left - right;
        first += left * folded[k] + right * folded[reach - 1 - k];
        middle += both[k] * folded[d / 2 * reach + k];
    }
    NAME(store)(tile, first);
    NAME(store)(tile + (int64_t)(d / 2) * LANES, middle);
    for (int32_t i = 1; i < d / 2; i++) {
        const REAL *w = folded + i * reach;
        vec even = both[0] * w[0], odd = apart[0] * w[half];
        for (int k = 1; k < half; k++) {
            even += both[k] * w[k];
            odd += apart[k] * w[half + k];
        }
        NAME(store)(tile + (int64_t)i * LANES, even + odd);
        NAME(store)(tile + (int64_t)(d - i) * LANES, even - odd);
    }
}

/* Its adjoint from two outputs of each point, x[0] and x[1], which lie half a point apart: products
 * have twice the band of what they are made of, so two are as good as all D - but for the step at
 * the ends of the series, see ends(). */
PT_INLINE void NAME(gather)(const REAL *x, int64_t pitch, const REAL *window, int32_t d,
                            const int32_t reach, int64_t all, REAL *sums)
{
    for (int64_t m = 0; m < all; m += LANES) {
        vec even = NAME(load)(sums + m), odd = {0};
        for (int k = 0; k < reach; k++) {
            even += NAME(load)(x + m - k) * window[k * d];
            odd += NAME(load)(x + pitch + m - k) * window[k * d + d / 2];
        }
        NAME(store)(sums + m, even + odd);
    }
}

static void NAME(to_tile)(const REAL *b, const REAL *folded, int32_t d, int32_t reach, REAL *tile)
{
    if (reach == 0)
        NAME(store)(tile, NAME(load)(b));
    else if (reach == 8)
        NAME(tile)(b, folded, d, 8, tile);
    else if (reach == 14)
        NAME(tile)(b, folded, d, 14, tile);
    else
        NAME(tile)(b, folded, d, reach, tile);
}

/* A tile in the order of time, or the first `count` values of it. */
static void NAME(lay_out)(const REAL *tile, int32_t d, int64_t count, REAL *out)
{
    if (count < (int64_t)LANES * d) {
        for (int64_t t = 0; t < count; t++)
            out[t] = tile[t % d * LANES + t / d];
    } else if (d < LANES) {
        /* Each step interleaves the first half with the second one. */
        vec v[2][LANES];
        for (int32_t i = 0; i < d; i++)
            v[0][i] = NAME(load)(tile + i * LANES);
        int at = 0;
        for (int32_t step = 1; step < d; step *= 2, at = !at)
            for (int32_t i = 0; i < d / 2; i++) {
                v[!at][2 * i] = NAME(low)(v[at][i], v[at][i + d / 2]);
                v[!at][2 * i + 1] = NAME(high)(v[at][i], v[at][i + d / 2]);
            }
        for (int32_t i = 0; i < d; i++)
            NAME(store)(out + i * LANES, v[at][i]);
    } else {
        for (int32_t i = 0; i < d; i += LANES) {
            vec v[LANES];
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++)
                v[r] = NAME(load)(tile + (int64_t)(i + r) * LANES);
            NAME(transpose)(v, 1);
#pragma GCC unroll 16
            for (int r = 0; r < LANES; r++)
                NAME(store)(out + (int64_t)r * d + i, v[r]);
        }
    }
}

/* Points of a row of halves: those of a block for D = 2, and what is zero on both sides. */
enum { NAME(HALVES) = PT_BLOCK / 2 + 2 * PT_MAX_REACH + 2 * LANES };

/* Room for the tiles, the split-up points and the products of a block. */
typedef struct {
    REAL ends[2][4][PT_MAX_REACH];
    REAL folded[PT_MAX_REACH * (PT_MAX_DECIMATION / 4 + 1)];
    REAL halves[4][2][NAME(HALVES)] __attribute__((aligned(64)));
    REAL tiles[4][PT_MAX_DECIMATION * LANES] __attribute__((aligned(64)));
    REAL angle[PT_MAX_DECIMATION * LANES] __attribute__((aligned(64)));
    REAL points[4][PT_BLOCK + PT_MAX_REACH + 4 * LANES] __attribute__((aligned(64)));
} NAME(bench);

/* Angles of all outputs in the tiles, and the products of every `step`-th, `pitch` apart;
 * outputs from `count` on count as zero. */
PT_INLINE void NAME(products)(NAME(bench) *bench, int32_t d, int64_t count, int32_t step,
                              REAL *const *products, int64_t pitch)
{
    for (int64_t t = count < 0 ? 0 : count; t < (int64_t)LANES * d; t++)
        for (int i = 0; i < 4; i++)
            bench->tiles[i][t % d * LANES + t / d] = 0;
    for (int32_t i = 0; i < d; i++) {
        int64_t at = (int64_t)i * LANES;
        vec ar = NAME(load)(bench->tiles[0] + at), ai = NAME(load)(bench->tiles[1] + at);
        vec br = NAME(load)(bench->tiles[2] + at), bi = NAME(load)(bench->tiles[3] + at);
        vec re = ar * br + ai * bi, im = ai * br - ar * bi;
        NAME(store)(bench->angle + at, NAME(angle)(re, im));
        if (i % step)
            continue;
        int64_t to = i / step * pitch;
        NAME(store)(products[0] + to, ar * ar + ai * ai);
        NAME(store)(products[1] + to, br * br + bi * bi);
        NAME(store)(products[2] + to, re);
        NAME(store)(products[3] + to, im);
    }
}

/* Sums that reach over an end of the series, from all outputs of the tile at point m, with weights
 * 2/D as two outputs stand for D elsewhere. */
static void NAME(ends)(NAME(bench) *bench, const REAL *window, int32_t d, int32_t reach, int64_t m,
                       int64_t last)
{
    for (int32_t at = 0; at < LANES * d; at++) {
        REAL ar = bench->tiles[0][at], ai = bench->tiles[1][at];
        REAL br = bench->tiles[2][at], bi = bench->tiles[3][at];
        REAL product[4] = {ar * ar + ai * ai, br * br + bi * bi, ar * br + ai * bi,
                           ai * br - ar * bi};
        for (int k = 0; k < reach; k++) {
            int64_t to = m + at % LANES + k;
            REAL weight = window[k * d + at / LANES] * 2 / (REAL)d;
            for (int i = 0; i < 4; i++) {
                if (to < reach)
                    bench->ends[0][i][to] += product[i] * weight;
                if (to >= last && to < last + reach)
                    bench->ends[1][i][to - last] += product[i] * weight;
            }
        }
    }
}

/* `points` points of both bands, of which `count` outputs are wanted. */
static void NAME(pair_block)(const pt_pair *pair, const desk *own, NAME(bench) *bench,
                             int64_t start, int64_t points, int64_t count, REAL *phase, REAL *sums)
{
    const pt_row *row = &pair->first;
    int32_t d = row->decimation, reach = row->reach, step = d > 1 ? d / 2 : 1;
    int64_t all = points + (reach ? reach - 1 : 0);
    for (int side = 0; side < 2; side++) {
        const REAL *band = side ? pair->second : row->band;
        NAME(lower)(row, own, band, start, points);
        for (int64_t i = 0; i < all; i++) {
            bench->points[2 * side][i] = own->filtered[2 * i];
            bench->points[2 * side + 1][i] = own->filtered[2 * i + 1];
        }
    }
    for (int64_t m = 0; m < points; m += LANES) {
        int64_t left = count - m * d;
        REAL *products[4];
        for (int i = 0; i < 4; i++) {
            NAME(to_tile)(bench->points[i] + m, bench->folded, d, reach, bench->tiles[i]);
            products[i] = reach ? bench->halves[i][0] + PT_MAX_REACH + m
                                : sums + i * pair->pitch + start + m;
        }
        NAME(products)(bench, d, left, step, products, NAME(HALVES));
        if (reach && (start + m < reach || left <= (int64_t)(LANES + reach) * d))
            NAME(ends)(bench, own->window, d, reach, start + m, start + (count - 1) / d);
        NAME(lay_out)(bench->angle, d, left, phase + (start + m) * d);
    }
    if (!reach)
        return;
    int64_t end = PT_MAX_REACH + (points + LANES - 1) / LANES * LANES;
    for (int i = 0; i < 4; i++) {
        REAL *x = bench->halves[i][0], *to = sums + i * pair->pitch + start;
        for (int half = 0; half < 2; half++)
            memset(x + half * NAME(HALVES) + end, 0, (PT_MAX_REACH + LANES) * sizeof(REAL));
        x += PT_MAX_REACH;
        if (reach == 8)
            NAME(gather)(x, NAME(HALVES), own->window, d, 8, all, to);
        else if (reach == 14)
            NAME(gather)(x, NAME(HALVES), own->window, d, 14, all, to);
        else
            NAME(gather)(x, NAME(HALVES), own->window, d, reach, all, to);
    }
}

static int NAME(pair)(const pt_pair *pair, int64_t count, REAL *phase, REAL *sums)
{
    const pt_row *row = &pair->first;
    int32_t d = row->decimation;
    desk own;
    REAL *memory = NAME(open)(row, &own);
    NAME(bench) *bench = aligned_alloc(64, (sizeof *bench + 63) / 64 * 64);
    if (!memory || !bench) {
        free(memory);
        free(bench);
        return PT_NO_MEMORY;
    }
    memset(bench, 0, sizeof *bench);
    own.window = (REAL *)row->window; /* each number once */
    NAME(fold)(own.window, d, row->reach, bench->folded);
    int64_t points = (count + d - 1) / d, step = PT_BLOCK / d;
    for (int i = 0; i < 4; i++)
        memset(sums + i * pair->pitch, 0, (size_t)(points + row->reach + LANES) * sizeof *sums);
    for (int64_t start = 0; start < points; start += step) {
        int64_t take = points - start < step ? points - start : step;
        NAME(pair_block)(pair, &own, bench, start, take, count - start * d, phase, sums);
    }
    for (int i = 0; i < 4 && points > 0; i++) {
        REAL *to = sums + i * pair->pitch;
        memcpy(to, bench->ends[0][i], (size_t)row->reach * sizeof *to);
        memcpy(to + points - 1, bench->ends[1][i], (size_t)row->reach * sizeof *to);
    }
    free(bench);
    free(memory);
    return PT_OK;
}

/* Powers are multiplied with gains so that their floors are 1, or as far up as REAL goes. */
typedef struct {
    double gain[4];
    REAL floor1, floor2;
} NAME(gains);

static NAME(gains) NAME(gains_of)(const double *floors)
{
    const double most = sizeof(REAL) == 4 ? 1e30 : 1e290;
    double first = floors[0] * most > 1 ? 1 / floors[0] : most;
    double second = floors[1] * most > 1 ? 1 / floors[1] : most;
    double both = sqrt(first) * sqrt(second);
    return (NAME(gains)){
        {first, second, both, both}, (REAL)(floors[0] * first), (REAL)(floors[1] * second)};
}

/* Squared coherence in tile 0 from the four smoothed tiles. */
PT_INLINE void NAME(ratio)(NAME(bench) *bench, int32_t d, REAL floor1, REAL floor2)
{
    const vec zero = {0}, one = zero + 1;
    for (int64_t i = 0; i < (int64_t)LANES * d; i += LANES) {
        vec s1 = NAME(load)(bench->tiles[0] + i), s2 = NAME(load)(bench->tiles[1] + i);
        vec re = NAME(load)(bench->tiles[2] + i), im = NAME(load)(bench->tiles[3] + i);
        mask there = (s1 > floor1) & (s2 > floor2);
        vec r2 = (re * re + im * im) / NAME(choose)(there, s1 * s2, one);
        r2 = NAME(choose)(there, r2, zero);
        NAME(store)(bench->tiles[0] + i, NAME(choose)(r2 > one, one, r2));
    }
}

/* T_i of a block of each scale: `all` points from point `start` on, and up to whole vectors. */
PT_INLINE void NAME(weigh)(const pt_window *window, const NAME(gains) *gains, const int scales,
                           int64_t start, int64_t all, NAME(bench) *benches)
{
    enum { WIDE = 4 };
    for (int i = 0; i < 4; i++)
        for (int64_t m = 0; m < all; m += WIDE * LANES) {
            vec sum[PT_MAX_SCALES][WIDE] = {{{0}}};
            for (int32_t n = 0; n < window->count; n++) {
                const REAL *term =
                    (const REAL *)window->terms[n] + i * window->pitches[n] + start + m;
                for (int s = 0; s < scales; s++) {
                    double weight = window->weights[s * window->count + n] * gains[s].gain[i];
                    for (int w = 0; w < WIDE; w++)
                        sum[s][w] += NAME(load)(term + w * LANES) * (REAL)weight;
                }
            }
            for (int s = 0; s < scales; s++)
                for (int w = 0; w < WIDE; w++)
                    NAME(store)(benches[s].points[i] + m + w * LANES, sum[s][w]);
        }
}

/* `points` points of one scale, of which `count` outputs are wanted. */
static void NAME(coherence_block)(const pt_window *window, const NAME(gains) *gains,
                                  NAME(bench) *bench, int64_t points, int64_t count, REAL *out)
{
    int32_t d = window->decimation;
    for (int64_t m = 0; m < points; m += LANES) {
        for (int i = 0; i < 4; i++)
            NAME(to_tile)(bench->points[i] + m, bench->folded, d, window->reach, bench->tiles[i]);
        NAME(ratio)(bench, d, gains->floor1, gains->floor2);
        NAME(lay_out)(bench->tiles[0], d, count - m * d, out + m * d);
    }
}

static int NAME(coherence)(const pt_window *window, int64_t count, REAL *const *out)
{
    int32_t d = window->decimation, reach = window->reach, scales = window->scales;
    size_t need = (size_t)scales * sizeof(NAME(bench));
    NAME(bench) *benches = aligned_alloc(64, need);
    if (!benches)
        return PT_NO_MEMORY;
    memset(benches, 0, need);
    NAME(gains) gains[PT_MAX_SCALES];
    for (int s = 0; s < scales; s++)
        gains[s] = NAME(gains_of)(window->floors[s]);
    for (int s = 0; s < scales; s++)
        NAME(fold)(window->window, d, reach, benches[s].folded);
    int64_t points = (count + d - 1) / d, step = PT_BLOCK / d;
    for (int64_t start = 0; start < points; start += step) {
        int64_t take = points - start < step ? points - start : step;
        int64_t all = take + (reach ? reach - 1 : 0);
        if (scales == 1)
            NAME(weigh)(window, gains, 1, start, all, benches);
        else
            NAME(weigh)(window, gains, PT_MAX_SCALES, start, all, benches);
        for (int s = 0; s < scales; s++)
            NAME(coherence_block)(window, gains + s, benches + s, take, count - start * d,
                                  out[s] + start * d);
    }
    free(benches);
    return PT_OK;
}
