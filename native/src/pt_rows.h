/* Shared between pt_rows.c and pt_hot.c, which is compiled once for each instruction set. */
#ifndef PT_ROWS_H
#define PT_ROWS_H

#include "pycwt_rows.h"

/* Output samples of a block: its tables and buffers stay in the first-level cache. */
enum { PT_BLOCK = 1024 };
/* Those of a block of a pair in runs, which the second-level cache holds, and the largest D of it. */
enum { PT_RUNS = 4096, PT_RUNS_MOST = 8 };

typedef struct {
    const char *name;
    int32_t (*supported)(void);
    int (*row_f32)(const pt_row *row, int64_t count, float *out);
    int (*row_f64)(const pt_row *row, int64_t count, double *out);
    int (*pair_f32)(const pt_pair *pair, int64_t count, float *phase, float *sums);
    int (*pair_f64)(const pt_pair *pair, int64_t count, double *phase, double *sums);
    int (*smooth_f32)(const float *x, const float *taps, const float *between, int32_t half,
                      int64_t count, float *out);
    int (*smooth_f64)(const double *x, const double *taps, const double *between, int32_t half,
                      int64_t count, double *out);
    int (*coherence_f32)(const pt_window *window, int64_t count, float *const *out);
    int (*coherence_f64)(const pt_window *window, int64_t count, double *const *out);
    int (*inverse_f32)(const pt_circle *circle, float *out);
    int (*inverse_f64)(const pt_circle *circle, double *out);
    int (*forward_f64)(const double *x, int64_t count, int64_t half, double *out);
} pt_isa;

/* Samples of the band before the first output. */
static inline int64_t pt_before(const pt_row *row)
{
    return row->half + (row->reach ? row->reach / 2 - 1 : 0);
}

#endif
