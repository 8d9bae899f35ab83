/* Work that threads share. */
#include <sched.h>

#include "pk_plan.h"
#include "pk_queue.h"

/* A piece is this part of a thread's share of what is left: pieces get smaller towards the end,
 * so that no thread waits long for another. */
static const double PIECE_OF_SHARE = 2;

/* What a realisation costs grows as what it is computed in. */
static double cost(const pk_part *part)
{
    return (double)part->workspace / part->lanes;
}

static uint64_t whole_blocks(double realisations, const pk_part *part)
{
    return (uint64_t)(realisations / part->lanes) * (uint64_t)part->lanes;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many of a part's realisations the next piece has. */
static uint64_t piece_of(const pk_queue *queue, const pk_part *part)
{
    uint64_t lanes = (uint64_t)part->lanes, size = part->end - part->at;
    if (queue->threads > 1) {
        double left = 0;
        for (const pk_part *p = part; p < queue->parts + queue->n_parts; p++)
            left += cost(p) * (double)(p->end - p->at);
        double share = left / (queue->threads * cost(part));
        uint64_t least = share > part->lanes ? lanes : (uint64_t)part->fewest;
        uint64_t piece = whole_blocks(share / PIECE_OF_SHARE, part);
        size = smaller(size, piece > least ? piece : least);
    }
    if (queue->bytes) {
        uint64_t most = (uint64_t)(queue->bytes / part->workspace) * lanes;
        size = smaller(size, most > lanes ? most : lanes);
    }
    return size;
}

int32_t pk_queue_take(pk_queue *queue, uint64_t *first, uint64_t *count)
{
    /* Held for a few divisions: whoever finds it taken had better let the other one go on. */
    while (__atomic_exchange_n(&queue->taken, 1, __ATOMIC_ACQUIRE))
        sched_yield();
    int32_t i = 0;
    while (i < queue->n_parts && queue->parts[i].at == queue->parts[i].end)
        i++;
    if (i < queue->n_parts) {
        pk_part *part = &queue->parts[i];
        *first = part->at;
        *count = piece_of(queue, part);
        part->at += *count;
        /* Read without the flag by who has a piece of it. */
        if (part->at < part->end && !part->cut)
            __atomic_store_n(&part->cut, 1, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&queue->taken, 0, __ATOMIC_RELEASE);
    return i < queue->n_parts ? i : -1;
}

/* Whether others may have pieces of the part of which this thread has one. */
static int32_t is_cut(const pk_part *part)
{
    return __atomic_load_n(&part->cut, __ATOMIC_RELAXED);
}

int pk_queue_run(pk_queue *queue, pk_worker *worker, uint64_t seed, int64_t bytes,
                 const volatile int32_t *cancel)
{
    uint64_t first, count;
    for (int64_t done = 0; !bytes || done < bytes;) {
        int32_t i = pk_queue_take(queue, &first, &count);
        if (i < 0)
            return PK_OK;
        const pk_part *part = &queue->parts[i];
        int64_t *cells = worker->hist;
        if (is_cut(part) && worker->own != cells) {
            cells = worker->own;
            worker->counted |= UINT64_C(1) << i;
        }
        int code = pk_plan_run(part->plan, worker->space, seed, first, count, cells + part->cell,
                               cancel, &worker->progress);
        if (code)
            return code;
        int64_t blocks = ((int64_t)count + part->lanes - 1) / part->lanes;
        done += blocks * part->workspace;
    }
    return PK_MORE;
}

/* Cells that are looked at together: of fine bins most are zero, and memory that nobody has
 * written to takes no room as long as that is so. */
enum { TOGETHER = 8 };

static void add_cells(int64_t *restrict to, int64_t *restrict from, int64_t count)
{
    int64_t i = 0;
    for (; i + TOGETHER <= count; i += TOGETHER) {
        int64_t any = 0;
        for (int64_t k = i; k < i + TOGETHER; k++)
            any |= from[k];
        for (int64_t k = i; any && k < i + TOGETHER; k++) {
            to[k] += from[k];
            from[k] = 0;
        }
    }
    for (; i < count; i++) {
        to[i] += from[i];
        from[i] = 0;
    }
}

void pk_queue_add(const pk_queue *queue, pk_worker *worker, const volatile int32_t *cancel)
{
    for (int32_t i = 0; i < queue->n_parts; i++) {
        const pk_part *part = &queue->parts[i];
        const pk_plan *plan = part->plan;
        int64_t cells = (int64_t)(plan->own_end - plan->own) * plan->bins;
        if (!(worker->counted >> i & 1))
            continue;
        for (int32_t block = 0; block <= plan->n_nodes; block++) {
            int64_t at = part->cell + block * plan->pitch;
            if (__atomic_load_n(cancel, __ATOMIC_RELAXED))
                return;
            add_cells(worker->hist + at, worker->own + at, cells);
        }
    }
    worker->counted = 0;
}
