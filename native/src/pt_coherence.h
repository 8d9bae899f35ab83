/* Squared coherence in one precision and one width of vector. Included by pt_hot.c after pt_tile.h. */

/* Room of one scale for the points and the tiles of a block, and for the outputs of the last one. */
typedef struct {
    REAL folded[PT_MAX_REACH * (PT_MAX_DECIMATION / 4 + 1)];
    REAL points[4][PT_BLOCK + PT_MAX_REACH + 4 * LANES] __attribute__((aligned(64)));
    vec tiles[4][PT_MAX_DECIMATION];
    REAL spare[PT_BLOCK];
} NAME(board);

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

/* Squared coherence from smoothed powers and products. */
PT_INLINE vec NAME(ratio)(vec s1, vec s2, vec re, vec im, const NAME(gains) *gains)
{
    const vec zero = {0}, one = zero + 1;
    mask there = (s1 > gains->floor1) & (s2 > gains->floor2);
    vec r2 = (re * re + im * im) / NAME(choose)(there, s1 * s2, one);
    r2 = NAME(choose)(there, r2, zero);
    return NAME(choose)(r2 > one, one, r2);
}

/* T_i of a block of each scale: `all` points from point `start` on, and up to whole vectors. */
PT_INLINE void NAME(weigh)(const pt_window *window, const NAME(gains) *gains, const int scales,
                           int64_t start, int64_t all, NAME(board) *boards)
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
                    NAME(store)(boards[s].points[i] + m + w * LANES, sum[s][w]);
        }
}

/* All outputs of a block of one scale. */
PT_INLINE void NAME(coherence_tiles)(const int32_t d, const int32_t reach, NAME(board) *board,
                                     const NAME(gains) *gains, int64_t points, REAL *out)
{
    for (int64_t m = 0; m < points; m += LANES) {
        vec own[4][NAME(SMALL)], *tiles[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            tiles[i] = d > NAME(SMALL) ? board->tiles[i] : own[i];
            NAME(tile_at)(board->points[i] + m, board->folded, d, reach, tiles[i]);
        }
#pragma GCC unroll 4
        for (int32_t i = 0; i < d; i++)
            tiles[0][i] = NAME(ratio)(tiles[0][i], tiles[1][i], tiles[2][i], tiles[3][i], gains);
        NAME(lay_out)(tiles[0], d, out + m * d);
    }
}

static int NAME(coherence)(const pt_window *window, int64_t count, REAL *const *out)
{
    int32_t d = window->decimation, reach = window->reach, scales = window->scales;
    size_t need = (size_t)scales * sizeof(NAME(board));
    NAME(board) *boards = aligned_alloc(64, need);
    if (!boards)
        return PT_NO_MEMORY;
    memset(boards, 0, need);
    NAME(gains) gains[PT_MAX_SCALES];
    for (int s = 0; s < scales; s++) {
        gains[s] = NAME(gains_of)(window->floors[s]);
        NAME(fold)(window->window, d, reach, boards[s].folded);
    }
    int64_t points = (count + d - 1) / d, step = PT_BLOCK / d;
    for (int64_t start = 0; start < points; start += step) {
        int64_t take = points - start < step ? points - start : step;
        int64_t all = take + (reach ? reach - 1 : 0), left = count - start * d;
        if (scales == 1)
            NAME(weigh)(window, gains, 1, start, all, boards);
        else if (scales == 2)
            NAME(weigh)(window, gains, 2, start, all, boards);
        else if (scales == 3)
            NAME(weigh)(window, gains, 3, start, all, boards);
        else
            NAME(weigh)(window, gains, 4, start, all, boards);
        for (int s = 0; s < scales; s++) {
            REAL *to = left < PT_BLOCK ? boards[s].spare : out[s] + start * d;
            PT_WITH(NAME(coherence_tiles), d, reach, boards + s, gains + s, take, to);
            if (left < PT_BLOCK)
                memcpy(out[s] + start * d, to, (size_t)left * sizeof *to);
        }
    }
    free(boards);
    return PT_OK;
}
