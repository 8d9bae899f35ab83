/* Pairs of bands in one precision and one width of vector: phases, and products at the rate of the
 * band. Included by pt_hot.c after pt_runs.h. */

/* Points of a row of halves: those of a block for D = 2, and what is zero on both sides. */
enum { NAME(HALVES) = PT_BLOCK / 2 + 2 * PT_MAX_REACH + 2 * LANES };

/* Room for the tiles, the split-up points and the products of a block. */
typedef struct {
    REAL ends[2][4][PT_MAX_REACH];
    REAL folded[PT_MAX_REACH * (PT_MAX_DECIMATION / 4 + 1)];
    REAL halves[4][2][NAME(HALVES)] __attribute__((aligned(64)));
    vec tiles[4][PT_MAX_DECIMATION];
    vec angle[PT_MAX_DECIMATION];
    REAL points[4][PT_BLOCK + PT_MAX_REACH + 4 * LANES] __attribute__((aligned(64)));
    REAL spare[PT_BLOCK];
} NAME(bench);

/* Outputs of the tiles from `count` on count as zero. */
static void NAME(cut)(NAME(bench) *bench, int32_t d, int64_t count)
{
    for (int64_t t = count < 0 ? 0 : count; t < (int64_t)LANES * d; t++)
        for (int i = 0; i < 4; i++)
            bench->tiles[i][t % d][t / d] = 0;
}

/* Angles of all outputs in the tiles, and the products of the first one and of the one in the middle,
 * `pitch` apart. */
PT_INLINE void NAME(products)(NAME(bench) *bench, const int32_t d, REAL *const *products,
                              int64_t pitch)
{
    for (int32_t i = 0; i < d; i++) {
        vec product[4];
        NAME(multiply)(bench->tiles[0][i], bench->tiles[1][i], bench->tiles[2][i],
                       bench->tiles[3][i], product);
        bench->angle[i] = NAME(angle)(product[2], product[3]);
        if (i == 0 || i == d / 2)
            for (int k = 0; k < 4; k++)
                NAME(store)(products[k] + (i ? pitch : 0), product[k]);
    }
}

/* Sums that reach over an end of the series, from all outputs of the tile at point m, with weights
 * 2/D as two outputs stand for D elsewhere. */
static void NAME(ends)(NAME(bench) *bench, const REAL *window, int32_t d, int32_t reach, int64_t m,
                       int64_t last)
{
    for (int32_t i = 0; i < d; i++) {
        vec product[4];
        NAME(multiply)(bench->tiles[0][i], bench->tiles[1][i], bench->tiles[2][i],
                       bench->tiles[3][i], product);
        for (int l = 0; l < LANES; l++)
            for (int k = 0; k < reach; k++) {
                int64_t to = m + l + k;
                REAL weight = window[k * d + i] * 2 / (REAL)d;
                for (int q = 0; q < 4; q++) {
                    if (to < reach)
                        bench->ends[0][q][to] += product[q][l] * weight;
                    if (to >= last && to < last + reach)
                        bench->ends[1][q][to - last] += product[q][l] * weight;
                }
            }
    }
}

/* Both bands of a block, filtered, their parts apart. */
static void NAME(split)(const pt_pair *pair, const desk *own, NAME(bench) *bench, int64_t start,
                        int64_t points)
{
    const pt_row *row = &pair->first;
    int64_t all = points + NAME(beyond)(row);
    for (int side = 0; side < 2; side++) {
        const REAL *band = side ? pair->second : row->band;
        NAME(lower)(row, own, band, start, points);
        for (int64_t i = 0; i < all; i++) {
            bench->points[2 * side][i] = own->filtered[2 * i];
            bench->points[2 * side + 1][i] = own->filtered[2 * i + 1];
        }
    }
}

/* `points` points of both bands, of which `count` outputs are wanted. */
PT_INLINE void NAME(pair_block)(const int32_t d, const int32_t reach, const pt_pair *pair,
                                const desk *own, NAME(bench) *bench, int64_t start, int64_t points,
                                int64_t count, REAL *phase, REAL *sums)
{
    const pt_row *row = &pair->first;
    NAME(split)(pair, own, bench, start, points);
    for (int64_t m = 0; m < points; m += LANES) {
        int64_t left = count - m * d;
        REAL *products[4];
        for (int i = 0; i < 4; i++) {
            NAME(tile_at)(bench->points[i] + m, bench->folded, d, reach, bench->tiles[i]);
            products[i] = reach ? bench->halves[i][0] + PT_MAX_REACH + m
                                : sums + i * pair->pitch + start + m;
        }
        if (left < (int64_t)LANES * d)
            NAME(cut)(bench, d, left);
        NAME(products)(bench, d, products, NAME(HALVES));
        if (reach && (start + m < reach || left <= (int64_t)(LANES + reach) * d))
            NAME(ends)(bench, own->window, d, reach, start + m, start + (count - 1) / d);
        NAME(lay_out)(bench->angle, d, phase + m * d);
    }
    if (!reach)
        return;
    int64_t all = points + NAME(beyond)(row);
    int64_t end = PT_MAX_REACH + (points + LANES - 1) / LANES * LANES;
    for (int i = 0; i < 4; i++) {
        REAL *x = bench->halves[i][0];
        for (int half = 0; half < 2; half++)
            memset(x + half * NAME(HALVES) + end, 0, (PT_MAX_REACH + LANES) * sizeof(REAL));
        NAME(gather)(x + PT_MAX_REACH, NAME(HALVES), own->window, d, reach, all,
                     sums + i * pair->pitch + start);
    }
}

/* The next points from `start` on; how many. */
static int64_t NAME(pair_step)(const pt_pair *pair, const desk *own, const NAME(runs) *runs,
                               NAME(bench) *bench, int64_t start, int64_t count, REAL *phase,
                               REAL *sums)
{
    int32_t d = pair->first.decimation, reach = pair->first.reach;
    int64_t points = (count + d - 1) / d, left = count - start * d, step = PT_BLOCK / d;
    /* What reaches over an end is left to tiles. */
    if (runs->points && start >= reach && left >= runs->points * d + PT_BLOCK) {
        PT_WITH(NAME(runs_block), d, reach, pair, runs, start, phase + start * d, sums);
        return runs->points;
    }
    step = points - start < step ? points - start : step;
    REAL *to = left < PT_BLOCK ? bench->spare : phase + start * d;
    PT_WITH(NAME(pair_block), d, reach, pair, own, bench, start, step, left, to, sums);
    if (left < PT_BLOCK)
        memcpy(phase + start * d, to, (size_t)left * sizeof *to);
    return step;
}

static int NAME(pair)(const pt_pair *pair, int64_t count, REAL *phase, REAL *sums)
{
    const pt_row *row = &pair->first;
    int32_t d = row->decimation;
    desk own;
    REAL *memory = NAME(open)(row, &own);
    NAME(bench) *bench = aligned_alloc(64, (sizeof *bench + 63) / 64 * 64);
    NAME(runs) runs;
    if (!memory || !bench || NAME(runs_open)(row, count, &runs)) {
        free(memory);
        free(bench);
        return PT_NO_MEMORY;
    }
    memset(bench, 0, sizeof *bench);
    own.window = (REAL *)row->window; /* each number once */
    NAME(fold)(own.window, d, row->reach, bench->folded);
    runs.folded = bench->folded;
    int64_t points = (count + d - 1) / d;
    for (int i = 0; i < 4; i++)
        memset(sums + i * pair->pitch, 0, (size_t)(points + row->reach + LANES) * sizeof *sums);
    for (int64_t start = 0; start < points;)
        start += NAME(pair_step)(pair, &own, &runs, bench, start, count, phase, sums);
    for (int i = 0; i < 4 && points > 0; i++) {
        REAL *to = sums + i * pair->pitch;
        memcpy(to, bench->ends[0][i], (size_t)row->reach * sizeof *to);
        memcpy(to + points - 1, bench->ends[1][i], (size_t)row->reach * sizeof *to);
    }
    free(runs.memory);
    free(bench);
    free(memory);
    return PT_OK;
}
