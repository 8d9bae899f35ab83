/* The kernel proper, compiled once for each instruction set: PK_ISA names it, PK_LANES is its
 * number of float32 lanes. Nothing here may depend on either but through them. */
#include "pk_plan.h"

#include "pk_lane_multi.h"
#include "pk_lane_plain.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

static int32_t supported(void)
{
#if defined(__AVX512F__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2") != 0;
#else
    return 1;
#endif
}

static size_t workspace_bytes(const pk_plan *plan)
{
    return plan->path == PK_MULTIRATE ? multi_workspace(plan) : plain_workspace(plan);
}

static int run_block(const pk_plan *plan, void *workspace, const pk_block *block, pk_sink *sink)
{
    uint64_t mode = flush_subnormals();
    int code = plan->path == PK_MULTIRATE ? multi_block(plan, workspace, block, sink)
                                          : plain_block(plan, workspace, block, sink);
    restore_subnormals(mode);
    return code;
}

static void series(const pk_plan *plan, void *workspace, const pk_block *block, float *x1,
                   float *x2)
{
    uint64_t mode = flush_subnormals();
    cplx *z = workspace;
    noise(plan, block, z);
    for (int32_t t = 0; t < plan->length; t++) {
        x1[t] = z[t].r[0] / plan->gain[0];
        x2[t] = z[t].i[0] / plan->gain[1];
    }
    restore_subnormals(mode);
}

const pk_isa JOIN(pk_isa_, PK_ISA);
const pk_isa JOIN(pk_isa_, PK_ISA) = {
    .name = TEXT(PK_ISA),
    .lanes = PK_LANES,
    .supported = supported,
    .workspace = workspace_bytes,
    .block = run_block,
    .series = series,
};
