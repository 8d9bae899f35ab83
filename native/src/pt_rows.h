/* Shared between pt_rows.c and pt_hot.c, which is compiled once for each instruction set. */
#ifndef PT_ROWS_H
#define PT_ROWS_H

#include "pycwt_rows.h"

/* Output samples of a block: its tables and buffers stay in the first-level cache. */
enum { PT_BLOCK = 1024 };

typedef struct {
    const char *name;
    int32_t (*supported)(void);
    int (*row_f32)(const pt_row *row, int64_t count, float *out);
    int (*row_f64)(const pt_row *row, int64_t count, double *out);
} pt_isa;

/* Samples of the band before the first output. */
static inline int64_t pt_before(const pt_row *row)
{
    return row->half + (row->reach ? row->reach / 2 - 1 : 0);
}

#endif
