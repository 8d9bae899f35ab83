/* What a thread does with the queue that it shares with others. */
#ifndef PK_QUEUE_H
#define PK_QUEUE_H

#include "pycwt_kernel.h"

/* Take pieces and run them as pk_plan_run does, with a space for the plan that wants most. After
 * blocks of so many `bytes` together (0: any number) it returns PK_MORE, and is to be called
 * again; when nothing is left, PK_OK.
 *
 * A part that one thread takes as a whole is counted in `hist`, which all of them share; what
 * several may have a piece of, each counts in cells of its `own`, laid out as the histogram is.
 * One thread alone may give the same for both. */
int pk_queue_run(pk_queue *queue, pk_space *space, uint64_t seed, int64_t bytes, int64_t *hist,
                 int64_t *own, const volatile int32_t *cancel, volatile int64_t *progress);

/* Add to the histogram what a thread has counted in cells of its own, which are zero afterwards.
 * One thread at a time may do so, while others run. */
void pk_queue_add(const pk_queue *queue, int64_t *hist, int64_t *own);

#endif
