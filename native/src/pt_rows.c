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

static int valid(int32_t isa, const pt_row *row, int64_t count)
{
    int32_t d = row->decimation, k = row->reach;
    if (!pt_isa_supported(isa) || count < 0 || row->half < 0)
        return 0;
    if (d < 1 || d > PT_MAX_DECIMATION || (d & (d - 1)))
        return 0;
    if (k < 0 || k > PT_MAX_REACH || k % 2 || (d == 1) != (k == 0))
        return 0;
    return row->band_length >= pt_band_length(row, count);
}

int pt_row_f32(int32_t isa, const pt_row *row, int64_t count, float *out)
{
    return valid(isa, row, count) ? ISAS[isa]->row_f32(row, count, out) : PT_INVALID;
}

int pt_row_f64(int32_t isa, const pt_row *row, int64_t count, double *out)
{
    return valid(isa, row, count) ? ISAS[isa]->row_f64(row, count, out) : PT_INVALID;
}
