/* Entry points that run a plan, and the choice of the instruction set. */
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "pk_plan.h"
#include "pk_threefry.h"

#if defined(__x86_64__)
extern const pk_isa pk_isa_sse2, pk_isa_avx2, pk_isa_avx512;
static const pk_isa *const ISAS[] = {&pk_isa_sse2, &pk_isa_avx2, &pk_isa_avx512};
#else
extern const pk_isa pk_isa_generic;
static const pk_isa *const ISAS[] = {&pk_isa_generic};
#endif

enum { N_ISAS = sizeof ISAS / sizeof ISAS[0] };

/* Realisations are numbered by one word of the generator's counter. */
#define MAX_REALISATIONS (UINT64_C(1) << 32)

const char *pk_isa_name(int32_t number)
{
    return number >= 0 && number < N_ISAS ? ISAS[number]->name : NULL;
}

int32_t pk_isa_supported(int32_t number)
{
    return number >= 0 && number < N_ISAS && ISAS[number]->supported();
}

/* Sixteen lanes pay while the workspace stays near the processor's own cache (measured on Zen 4:
 * 10 % faster than eight at 4 MB, 10 % slower at 7, 30 % slower at 100). More than four are given
 * up only where memory runs short: every thread has a workspace. */
static const size_t SIXTEEN_LANES_UP_TO = (size_t)5 << 20, EIGHT_LANES_UP_TO = (size_t)1 << 30;

const pk_isa *pk_isa_fitting(const pk_plan *plan)
{
    for (int32_t i = N_ISAS - 1; i > 0; i--) {
        size_t limit = ISAS[i]->lanes > 8 ? SIXTEEN_LANES_UP_TO : EIGHT_LANES_UP_TO;
        if (ISAS[i]->supported() && ISAS[i]->workspace(plan) <= limit)
            return ISAS[i];
    }
    return ISAS[0];
}

const pk_isa *pk_isa_find(const char *name)
{
    for (int32_t i = 0; i < N_ISAS; i++)
        if (strcmp(ISAS[i]->name, name) == 0)
            return ISAS[i]->supported() ? ISAS[i] : NULL;
    return NULL;
}

int32_t pk_plan_path(const pk_plan *plan)
{
    return plan->path;
}

const char *pk_plan_isa(const pk_plan *plan)
{
    return plan->isa->name;
}

int32_t pk_plan_lanes(const pk_plan *plan)
{
    return plan->isa->lanes;
}

/* Four lanes take about as long as eight (measured on Zen 3), which take half as long as sixteen. */
static const int32_t FEWEST_LANES = 8;

/* The narrowest vectors, up to the plan's own, that have a lane for each of `count` realisations.
 * Their workspace is smaller than the plan's, their numbers are the same. */
static const pk_isa *isa_for(const pk_plan *plan, uint64_t count)
{
    const pk_isa *found = plan->isa;
    for (int32_t i = N_ISAS - 1; i >= 0; i--)
        if (ISAS[i]->lanes >= FEWEST_LANES && ISAS[i]->lanes < found->lanes &&
            (uint64_t)ISAS[i]->lanes >= count && ISAS[i]->supported())
            found = ISAS[i];
    return found;
}

int32_t pk_plan_fewest(const pk_plan *plan)
{
    return isa_for(plan, (uint64_t)plan->isa->lanes / 2)->lanes;
}

int64_t pk_plan_workspace(const pk_plan *plan)
{
    return (int64_t)plan->isa->workspace(plan);
}

int64_t pk_plan_points(const pk_plan *plan)
{
    return plan->points;
}

/* Whole huge pages, where the system gives them on request: far fewer page faults and misses of
 * the address translation. */
static const size_t HUGE_PAGE = (size_t)1 << 21;

static void *allocate(const pk_plan *plan)
{
    size_t bytes = plan->isa->workspace(plan), unit = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
    size_t rounded = (bytes + unit - 1) / unit * unit;
    void *workspace = aligned_alloc(unit, rounded);
#ifdef MADV_HUGEPAGE
    if (workspace && unit == HUGE_PAGE)
        (void)madvise(workspace, rounded, MADV_HUGEPAGE); /* a wish, no more */
#endif
    return workspace;
}

int pk_space_create(const pk_plan *plan, pk_space **out)
{
    *out = allocate(plan);
    return *out ? PK_OK : PK_NO_MEMORY;
}

void pk_space_free(pk_space *space)
{
    free(space);
}

/* Others look at the progress meanwhile. */
static void advance(volatile int64_t *progress, uint64_t count)
{
    if (progress)
        __atomic_store_n(progress, *progress + (int64_t)count, __ATOMIC_RELAXED);
}

/* Block after block of as many realisations as there are lanes. */
static int run_blocks(const pk_plan *plan, pk_space *space, pk_block block, uint64_t count,
                      int64_t *hist, volatile int64_t *progress)
{
    if (plan->n_counted == 0) {
        advance(progress, count);
        return PK_OK;
    }
    void *workspace = space ? space : allocate(plan);
    if (!workspace)
        return PK_NO_MEMORY;
    int code = PK_OK;
    uint64_t lanes = (uint64_t)plan->isa->lanes;
    for (uint64_t done = 0; done < count && !code;) {
        uint64_t take = count - done < lanes ? count - done : lanes;
        pk_sink sink = {hist, NULL, (int32_t)take};
        block.given = (int32_t)take;
        code = isa_for(plan, take)->block(plan, workspace, &block, &sink);
        block.first += take;
        if (block.x1) {
            block.x1 += take * (uint64_t)plan->length;
            block.x2 += take * (uint64_t)plan->length;
        }
        done += take;
        if (!code)
            advance(progress, take);
    }
    if (!space)
        free(workspace);
    return code;
}

int pk_plan_run(const pk_plan *plan, pk_space *space, uint64_t seed, uint64_t first,
                uint64_t count, int64_t *hist, const volatile int32_t *cancel,
                volatile int64_t *progress)
{
    if (first > MAX_REALISATIONS || count > MAX_REALISATIONS - first)
        return PK_INVALID;
    pk_block block = {.seed = seed, .first = first, .cancel = cancel};
    return run_blocks(plan, space, block, count, hist, progress);
}

int pk_plan_run_given(const pk_plan *plan, pk_space *space, const float *x1, const float *x2,
                      uint64_t count, int64_t *hist, const volatile int32_t *cancel,
                      volatile int64_t *progress)
{
    if (!x1 || !x2 || count > MAX_REALISATIONS)
        return PK_INVALID;
    pk_block block = {.cancel = cancel, .x1 = x1, .x2 = x2};
    return run_blocks(plan, space, block, count, hist, progress);
}

int pk_plan_coherence(const pk_plan *plan, uint64_t seed, uint64_t k, float *r2,
                      int32_t *scale, int32_t *time)
{
    if (k >= MAX_REALISATIONS)
        return PK_INVALID;
    int64_t point = 0;
    for (int32_t j = plan->own; j < plan->n_counted; j++) {
        const pk_scale *s = &plan->scales[j];
        for (int32_t p = 0; p < s->points; p++) {
            scale[point] = j;
            time[point++] = s->first + p * s->step;
        }
        for (int32_t i = 0; i < plan->n_nodes; i++) {
            for (int32_t end = 0; end < 2 && s->nodes[i] >= 0; end++) {
                scale[point] = j;
                time[point++] = end ? plan->length - 1 - s->nodes[i] : s->nodes[i];
            }
        }
    }
    if (plan->n_counted == 0)
        return PK_OK;
    void *workspace = allocate(plan);
    if (!workspace)
        return PK_NO_MEMORY;
    pk_block block = {.seed = seed, .first = k};
    pk_sink sink = {NULL, r2, 1};
    int code = plan->isa->block(plan, workspace, &block, &sink);
    free(workspace);
    return code;
}

int pk_plan_series(const pk_plan *plan, uint64_t seed, uint64_t k, float *x1, float *x2)
{
    if (k >= MAX_REALISATIONS)
        return PK_INVALID;
    void *workspace = allocate(plan);
    if (!workspace)
        return PK_NO_MEMORY;
    pk_block block = {.seed = seed, .first = k};
    plan->isa->series(plan, workspace, &block, x1, x2);
    free(workspace);
    return PK_OK;
}

void pk_threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2])
{
    const uint32_t keys[3] = {key[0], key[1], key[0] ^ key[1] ^ PK_THREEFRY_PARITY};
    uint32_t a = counter[0] + key[0], b = counter[1] + key[1];
    for (uint32_t round = 0; round < 20; round++) {
        int turn = PK_THREEFRY_TURNS[round % 8];
        a += b;
        b = ((b << turn) | (b >> (32 - turn))) ^ a;
        if (round % 4 == 3) {
            uint32_t inject = round / 4 + 1;
            a += keys[inject % 3];
            b += keys[(inject + 1) % 3] + inject;
        }
    }
    out[0] = a;
    out[1] = b;
}
