/* Pairs of bands at small D, in runs: each lane has neighbouring points to itself, so that filters,
 * interpolation and its adjoint go along whole vectors. Included by pt_hot.c after pt_tile.h. */

/* |a|^2, |b|^2, and real and imaginary part of a b*. */
PT_INLINE void NAME(multiply)(vec ar, vec ai, vec br, vec bi, vec *product)
{
    product[0] = ar * ar + ai * ai;
    product[1] = br * br + bi * bi;
    product[2] = ar * br + ai * bi;
    product[3] = ai * br - ar * bi;
}

/* Rows of vectors for a block of points, with those around that filters and interpolation reach. */
typedef struct {
    int64_t points; /* of a block; 0 where the series or a run is too short */
    int64_t run;    /* points of each lane */
    int64_t rows;   /* of the filtered bands: `run`, those the interpolation reaches, up to fours */
    int64_t inputs; /* points of the bands that a block reads */
    const REAL *folded;
    REAL *down;     /* exp(-i omega D m) for the inputs */
    vec *raw[2];    /* parts of a band */
    vec *b[4];      /* parts of both, filtered */
    vec *halves[4][2];
    vec *sums[4];
    void *memory;
} NAME(runs);

/* Whether results fill whole vectors, and what a run reads beyond its ends is short beside it. */
PT_INLINE int NAME(runs_suit)(const pt_row *row, int64_t count)
{
    int32_t d = row->decimation;
    int64_t run = PT_RUNS / d / LANES;
    return d <= LANES / 2 && d <= PT_RUNS_MOST && 2 * row->half + row->reach <= run &&
           count >= 2 * PT_RUNS;
}

/* Lays out the memory, and fills the table that turns the bands; 0 points where runs don't suit. */
static int NAME(runs_open)(const pt_row *row, int64_t count, NAME(runs) *own)
{
    int32_t d = row->decimation;
    *own = (NAME(runs)){0};
    if (!NAME(runs_suit)(row, count))
        return PT_OK;
    own->points = PT_RUNS / d;
    own->run = own->points / LANES;
    own->rows = (own->run + NAME(beyond)(row) + 3) / 4 * 4;
    int64_t raw = (own->rows + 2 * row->half + PAIRS - 1) / PAIRS * PAIRS;
    int64_t padded = own->run + 2 * PT_MAX_REACH;
    own->inputs = (LANES - 1) * own->run + raw;
    int64_t vectors = 2 * raw + 4 * own->rows + 12 * padded;
    size_t turned = 2 * (size_t)own->inputs;
    double *work = malloc(turned * sizeof *work);
    own->memory = aligned_alloc(sizeof(vec), (size_t)vectors * sizeof(vec) +
                                                 (turned + LANES) / LANES * sizeof(vec));
    if (!work || !own->memory) {
        free(work);
        free(own->memory);
        return PT_NO_MEMORY;
    }
    vec *at = own->memory;
    memset(at, 0, (size_t)vectors * sizeof *at);
    for (int i = 0; i < 2; i++, at += raw)
        own->raw[i] = at;
    for (int i = 0; i < 4; i++, at += own->rows)
        own->b[i] = at;
    for (int i = 0; i < 4; i++) {
        /* Zeros on both sides are for the adjoint, which reaches there. */
        for (int half = 0; half < 2; half++, at += padded)
            own->halves[i][half] = at + PT_MAX_REACH;
        own->sums[i] = at;
        at += padded;
    }
    own->down = (REAL *)at;
    NAME(turns)(-row->omega * d, -pt_before(row), own->inputs, work, own->down);
    free(work);
    return PT_OK;
}

/* A band from x on, turned down, to rows of its parts. */
PT_INLINE void NAME(deal_parts)(const NAME(runs) *own, const REAL *x, int64_t rows)
{
    for (int64_t m = 0; m < rows; m += PAIRS) {
        vec v[LANES];
#pragma GCC unroll 16
        for (int l = 0; l < LANES; l++) {
            int64_t at = 2 * (l * own->run + m);
            __builtin_prefetch(x + at + 2 * own->points);
            v[l] = NAME(turn)(NAME(load)(x + at), NAME(load)(own->down + at));
        }
        NAME(transpose)(v, 1);
#pragma GCC unroll 16
        for (int l = 0; l < LANES; l++)
            own->raw[l & 1][m + l / 2] = v[l];
    }
}

/* Both bands of a block, filtered. */
static void NAME(runs_filter)(const pt_pair *pair, const NAME(runs) *own, int64_t start)
{
    const pt_row *row = &pair->first;
    for (int side = 0; side < 2; side++) {
        const REAL *band = side ? pair->second : row->band;
        NAME(deal_parts)(own, band + 2 * start, own->rows + 2 * (int64_t)row->half);
        for (int part = 0; part < 2; part++)
            for (int64_t m = 0; m < own->rows; m += 4)
                NAME(filter_four)(own->raw[part] + row->half + m, row->taps, row->half, 0,
                                  own->b[2 * side + part] + m);
    }
}

/* Phases of a block's outputs, and products: for D = 1 all, else two of each point. */
PT_INLINE void NAME(runs_products)(const int32_t d, const int32_t reach, const NAME(runs) *own,
                                   REAL *phase)
{
    for (int64_t m = 0; m < own->run; m += LANES / d) {
        vec angle[LANES] = {{0}};
        for (int at = 0; at < LANES / d; at++) {
            vec tile[4][PT_RUNS_MOST];
#pragma GCC unroll 4
            for (int i = 0; i < 4; i++)
                if (d == 1)
                    tile[i][0] = own->b[i][m + at];
                else
                    NAME(tile)(own->b[i] + m + at, own->folded, d, reach, tile[i]);
#pragma GCC unroll 8
            for (int t = 0; t < d; t++) {
                vec product[4];
                NAME(multiply)(tile[0][t], tile[1][t], tile[2][t], tile[3][t], product);
                angle[at * d + t] = NAME(angle)(product[2], product[3]);
                if (t == 0 || t == d / 2)
                    for (int i = 0; i < 4; i++)
                        own->halves[i][t != 0][m + at] = product[i];
            }
        }
        NAME(collect)(angle, 1, own->run * d, m * d, NULL, phase);
    }
}

/* The adjoint of the interpolation. What a lane sums beyond its run belongs to the next lane; what
 * the last lane does, to the next block: that is at `sums` already. */
PT_INLINE void NAME(runs_gather)(const int32_t d, const int32_t reach, const NAME(runs) *own,
                                 const REAL *window, int i, REAL *sums)
{
    const vec *first = own->halves[i][0], *middle = own->halves[i][1];
    vec *to = own->sums[i];
    for (int64_t m = 0; m < own->run + reach - 1; m++) {
        vec even = {0}, odd = {0};
        for (int k = 0; k < reach / 2; k++) {
            even += first[m - k] * window[k * d] +
                    first[m - reach + 1 + k] * window[(reach - 1 - k) * d];
            odd += (middle[m - k] + middle[m - reach + 1 + k]) * window[k * d + d / 2];
        }
        to[m] = even + odd;
    }
    for (int64_t m = 0; m < reach - 1; m++) {
        vec over = to[own->run + m];
        to[m][0] += sums[m];
        for (int l = 1; l < LANES; l++)
            to[m][l] += over[l - 1];
        sums[own->points + m] = over[LANES - 1];
    }
}

/* `points` points of both bands from `start` on, all within the series with what they reach. */
PT_INLINE void NAME(runs_block)(const int32_t d, const int32_t reach, const pt_pair *pair,
                                const NAME(runs) *own, int64_t start, REAL *phase, REAL *sums)
{
    if (d > LANES / 2) /* never so: see runs_suit() */
        return;
    NAME(runs_filter)(pair, own, start);
    NAME(runs_products)(d, reach, own, phase);
    for (int i = 0; i < 4; i++) {
        REAL *to = sums + i * pair->pitch + start;
        if (reach)
            NAME(runs_gather)(d, reach, own, pair->first.window, i, to);
        const vec *from = reach ? own->sums[i] : own->halves[i][0];
        for (int64_t m = 0; m < own->run; m += LANES) {
            vec v[LANES];
#pragma GCC unroll 16
            for (int l = 0; l < LANES; l++)
                v[l] = from[m + l];
            NAME(collect)(v, 1, own->run, m, NULL, to);
        }
    }
}
