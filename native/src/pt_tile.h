/* Interpolation of real points, and its adjoint. Included by pt_hot.c after pt_angle.h. The values at
 * the D outputs of LANES points are a tile, D vectors. */

/* Calls f(d, reach, ...) with the numbers as constants where they are usual: that keeps the tiles of
 * small D in registers. */
#if defined(PT_F64)
enum { NAME(USUAL) = 14, NAME(SMALL) = 4 };
#else
enum { NAME(USUAL) = 8, NAME(SMALL) = 8 };
#endif
#define PT_WITH(f, d, reach, ...)                       \
    do {                                                \
        if ((d) == 1)                                   \
            f(1, 0, __VA_ARGS__);                       \
        else if ((reach) != NAME(USUAL))                \
            f((d), (reach), __VA_ARGS__);               \
        else if ((d) == 2)                              \
            f(2, NAME(USUAL), __VA_ARGS__);             \
        else if ((d) == 4)                              \
            f(4, NAME(USUAL), __VA_ARGS__);             \
        else if ((d) == 8 && NAME(SMALL) == 8)          \
            f(8, NAME(USUAL), __VA_ARGS__);             \
        else                                            \
            f((d), NAME(USUAL), __VA_ARGS__);           \
    } while (0)

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

/* A tile from K points: each of LANES places, which are neighbours or lie apart. */
PT_INLINE void NAME(tile)(const vec *point, const REAL *folded, const int32_t d,
                          const int32_t reach, vec *tile)
{
    const int half = reach / 2;
    vec both[PT_MAX_REACH / 2], apart[PT_MAX_REACH / 2];
    vec first = {0}, other = {0}, middle = {0};
    for (int k = 0; k < half; k++) {
        vec left = point[k], right = point[reach - 1 - k];
        both[k] = left + right;
        apart[k] = left - right;
        first += left * folded[k];
        other += right * folded[reach - 1 - k];
        middle += both[k] * folded[d / 2 * reach + k];
    }
    tile[0] = first + other;
    tile[d / 2] = middle;
    for (int32_t i = 1; i < d / 2; i++) {
        const REAL *w = folded + i * reach;
        vec even = {0}, odd = {0};
        for (int k = 0; k < half; k++) {
            even += both[k] * w[k];
            odd += apart[k] * w[half + k];
        }
        tile[i] = even + odd;
        tile[d - i] = even - odd;
    }
}

/* The same from neighbouring points at b on. */
PT_INLINE void NAME(tile_at)(const REAL *b, const REAL *folded, const int32_t d,
                             const int32_t reach, vec *tile)
{
    vec point[PT_MAX_REACH];
    if (d == 1) {
        tile[0] = NAME(load)(b);
        return;
    }
    for (int k = 0; k < reach; k++)
        point[k] = NAME(load)(b + k);
    NAME(tile)(point, folded, d, reach, tile);
}

/* A tile of neighbouring points in the order of time. */
PT_INLINE void NAME(lay_out)(const vec *tile, const int32_t d, REAL *out)
{
    if (d < LANES) {
        /* Each step interleaves the first half with the second one. */
        vec v[2][LANES];
#pragma GCC unroll 8
        for (int32_t i = 0; i < d; i++)
            v[0][i] = tile[i];
        int at = 0;
#pragma GCC unroll 4
        for (int32_t step = 1; step < d; step *= 2, at = !at)
#pragma GCC unroll 8
            for (int32_t i = 0; i < d / 2; i++) {
                v[!at][2 * i] = NAME(low)(v[at][i], v[at][i + d / 2]);
                v[!at][2 * i + 1] = NAME(high)(v[at][i], v[at][i + d / 2]);
            }
#pragma GCC unroll 8
        for (int32_t i = 0; i < d; i++)
            NAME(store)(out + i * LANES, v[at][i]);
        return;
    }
    for (int32_t i = 0; i < d; i += LANES) {
        vec v[LANES];
#pragma GCC unroll 16
        for (int r = 0; r < LANES; r++)
            v[r] = tile[i + r];
        NAME(transpose)(v, 1);
#pragma GCC unroll 16
        for (int r = 0; r < LANES; r++)
            NAME(store)(out + (int64_t)r * d + i, v[r]);
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
