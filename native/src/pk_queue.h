/* What a thread does with the queue that it shares with others. */
#ifndef PK_QUEUE_H
#define PK_QUEUE_H

#include "pycwt_kernel.h"

enum { PK_MAX_PARTS = 64 };

/* What one of the threads works with. */
typedef struct {
    pk_space *space; /* for the plan that wants most */
    int64_t *hist;   /* which all of them share */
    int64_t *own;    /* cells laid out as those, zero at first; of one of the threads the same */
    uint64_t counted; /* in `own`: a bit for each part; 0 at first */
    volatile int64_t progress;
} pk_worker;

/* Take pieces and run them as pk_plan_run does. After blocks of so many `bytes` together (0: any
 * number) it returns PK_MORE, and is to be called again; when nothing is left, PK_OK.
 *
 * A part that one thread takes as a whole is counted in `hist`. What several may have a piece of,
 * each counts in its `own`. */
int pk_queue_run(pk_queue *queue, pk_worker *worker, uint64_t seed, int64_t bytes,
                 const volatile int32_t *cancel);

/* Add to the histogram what a thread has counted in cells of its own, which are zero afterwards,
 * unless it is cancelled. Nobody may count in the histogram meanwhile but whole parts. */
void pk_queue_add(const pk_queue *queue, pk_worker *worker, const volatile int32_t *cancel);

#endif
