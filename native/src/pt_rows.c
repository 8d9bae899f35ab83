/* Entry points of the rows, and the choice of the instruction set. */
#include "pt_rows.h"

#include <stddef.h>

#if defined(__x86_64__)
extern const pt_isa pt_isa_sse2, pt_isa_avx2, pt_isa_avx512;
static const pt_isa *const ISAS[] = {&pt_isa_sse2, &pt_isa_avx2, &pt_isa_avx512};
#else
extern const pt_isa pt_isa_generic;
static const pt_isa *const ISAS[] = {&pt_isa_generic};
#endif

enum { N_ISAS = sizeof ISAS / sizeof ISAS[0] };

const char *pt_isa_name(int32_t isa)
{
    return isa >= 0 && isa < N_ISAS ? ISAS[isa]->name : NULL;
}

int32_t pt_isa_supported(int32_t isa)
{
    return isa >= 0 && isa < N_ISAS && ISAS[isa]->supported();
}

int32_t pt_isa_best(void)
{
    int32_t isa = N_ISAS - 1;
    while (isa > 0 && !ISAS[isa]->supported())
        isa--;
    return isa;
}

int64_t pt_band_length(const pt_row *row, int64_t count)
{
    int64_t points = (count + row->decimation - 1) / row->decimation;
    return points + 2 * (int64_t)row->half + (row->reach ? row->reach - 1 : 0);
}

/* Points of `count` outputs, with those that the interpolation reaches, in whole vectors. */
static int64_t points(int32_t d, int32_t k, int64_t count)
{
    return (count + d - 1) / d + k + PT_SLACK;
}

int64_t pt_sums_length(const pt_row *row, int64_t count)
{
    return points(row->decimation, row->reach, count);
}

int64_t pt_term_length(const pt_window *window, int64_t count)
{
    return points(window->decimation, window->reach, count);
}

static int known(int32_t isa, int64_t count, int32_t d, int32_t k)
{
    if (!pt_isa_supported(isa) || count < 0)
        return 0;
    if (d < 1 || d > PT_MAX_DECIMATION || (d & (d - 1)))
        return 0;
    return k >= 0 && k <= PT_MAX_REACH && k % 2 == 0 && (d == 1) == (k == 0);
}

static int valid(int32_t isa, const pt_row *row, int64_t count)
{
    return known(isa, count, row->decimation, row->reach) && row->half >= 0 &&
           row->band_length >= pt_band_length(row, count);
}

static int pair_valid(int32_t isa, const pt_pair *pair, int64_t count)
{
    /* A vector of points mustn't be longer than a block. */
    if (pair->first.decimation > PT_MAX_DECIMATION / 2)
        return 0;
    return valid(isa, &pair->first, count) && pair->pitch >= pt_sums_length(&pair->first, count);
}

static int window_valid(int32_t isa, const pt_window *window, int64_t count)
{
    if (!known(isa, count, window->decimation, window->reach) || window->count < 1)
        return 0;
    if (window->scales < 1 || window->scales > PT_MAX_SCALES)
        return 0;
    if (window->decimation > PT_MAX_DECIMATION / 2)
        return 0;
    for (int32_t i = 0; i < window->count; i++)
        if (window->pitches[i] < pt_term_length(window, count))
            return 0;
    return 1;
}

int pt_row_f32(int32_t isa, const pt_row *row, int64_t count, float *out)
{
    return valid(isa, row, count) ? ISAS[isa]->row_f32(row, count, out) : PT_INVALID;
}

int pt_row_f64(int32_t isa, const pt_row *row, int64_t count, double *out)
{
    return valid(isa, row, count) ? ISAS[isa]->row_f64(row, count, out) : PT_INVALID;
}

int pt_pair_f32(int32_t isa, const pt_pair *pair, int64_t count, float *phase, float *sums)
{
    if (!pair_valid(isa, pair, count))
        return PT_INVALID;
    return ISAS[isa]->pair_f32(pair, count, phase, sums);
}

int pt_smooth_f32(int32_t isa, const float *x, const float *taps, const float *between,
                  int32_t half, int64_t count, float *out)
{
    if (!pt_isa_supported(isa) || half < 0 || count < 0)
        return PT_INVALID;
    return ISAS[isa]->smooth_f32(x, taps, between, half, count, out);
}

int pt_coherence_f32(int32_t isa, const pt_window *window, int64_t count, float *const *out)
{
    return window_valid(isa, window, count) ? ISAS[isa]->coherence_f32(window, count, out)
                                            : PT_INVALID;
}

int pt_pair_f64(int32_t isa, const pt_pair *pair, int64_t count, double *phase, double *sums)
{
    if (!pair_valid(isa, pair, count))
        return PT_INVALID;
    return ISAS[isa]->pair_f64(pair, count, phase, sums);
}

int pt_smooth_f64(int32_t isa, const double *x, const double *taps, const double *between,
                  int32_t half, int64_t count, double *out)
{
    if (!pt_isa_supported(isa) || half < 0 || count < 0)
        return PT_INVALID;
    return ISAS[isa]->smooth_f64(x, taps, between, half, count, out);
}

int pt_coherence_f64(int32_t isa, const pt_window *window, int64_t count, double *const *out)
{
    return window_valid(isa, window, count) ? ISAS[isa]->coherence_f64(window, count, out)
                                            : PT_INVALID;
}

static int is_length(int64_t n)
{
    return n >= PT_MIN_FFT && n <= (int64_t)1 << 40 && !(n & (n - 1));
}

static int circle_valid(int32_t isa, const pt_circle *circle)
{
    int64_t n = circle->length;
    return pt_isa_supported(isa) && is_length(n) && circle->count >= 0 && circle->count <= n &&
           circle->before >= 0 && circle->before <= n && circle->after >= 0 && circle->after <= n;
}

int pt_inverse_f32(int32_t isa, const pt_circle *circle, float *out)
{
    return circle_valid(isa, circle) ? ISAS[isa]->inverse_f32(circle, out) : PT_INVALID;
}

int pt_inverse_f64(int32_t isa, const pt_circle *circle, double *out)
{
    return circle_valid(isa, circle) ? ISAS[isa]->inverse_f64(circle, out) : PT_INVALID;
}

int pt_forward_f64(int32_t isa, const double *x, int64_t count, int64_t half, double *out)
{
    if (!pt_isa_supported(isa) || !is_length(half) || count < 0 || count % 2 || count > 2 * half)
        return PT_INVALID;
    return ISAS[isa]->forward_f64(x, count, half, out);
}
