/* The rows, compiled once for each instruction set: PT_ISA names it, PT_BYTES is the size of its
 * vectors. The same text serves both precisions. */
#include "pt_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define PT_INLINE static inline __attribute__((always_inline))

static int32_t supported(void)
{
#if defined(__AVX512F__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("fma");
#elif defined(__AVX2__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}

/* Memory that is used as a whole and given back: in large pages it costs fewer faults. */
static void *large(size_t size, size_t alignment)
{
    const size_t page = (size_t)1 << 21;
    if (size < 2 * page)
        return aligned_alloc(alignment, size);
    size = (size + page - 1) / page * page;
    void *memory = aligned_alloc(page, size);
#if defined(MADV_HUGEPAGE)
    if (memory)
        madvise(memory, size, MADV_HUGEPAGE); /* a wish: it may fail */
#endif
    return memory;
}

/* The first address from there on that any vector may begin at. */
static void *aligned(void *memory)
{
    return (void *)(((uintptr_t)memory + PT_ROOM - 1) / PT_ROOM * PT_ROOM);
}

/* exp(i step k) for k = first … first + count - 1. */
static void phases_f64(double step, int64_t first, int64_t count, double *out)
{
    for (int64_t k = 0; k < count; k++) {
        double angle = step * (double)(first + k);
        out[2 * k] = cos(angle);
        out[2 * k + 1] = sin(angle);
    }
}

#include "pt_roots.h"

#define REAL float
#define LANES (PT_BYTES / 4)
#define NAME(x) JOIN(x, _f32)
#include "pt_vector.h"
#include "pt_lane.h"
#include "pt_angle.h"
#include "pt_tile.h"
#include "pt_runs.h"
#include "pt_pair.h"
#include "pt_coherence.h"
#include "pt_smooth.h"
#include "pt_fft.h"
#include "pt_end.h"
#undef REAL
#undef LANES
#undef NAME

#define PT_F64
#define REAL double
#define LANES (PT_BYTES / 8)
#define NAME(x) JOIN(x, _f64)
#include "pt_vector.h"
#include "pt_lane.h"
#include "pt_angle.h"
#include "pt_tile.h"
#include "pt_runs.h"
#include "pt_pair.h"
#include "pt_coherence.h"
#include "pt_smooth.h"
#include "pt_fft.h"
#include "pt_end.h"

const pt_isa JOIN(pt_isa_, PT_ISA);
const pt_isa JOIN(pt_isa_, PT_ISA) = {
    .name = TEXT(PT_ISA),
    .supported = supported,
    .row_f32 = row_f32,
    .row_f64 = row_f64,
    .pair_f32 = pair_f32,
    .pair_f64 = pair_f64,
    .smooth_f32 = smooth_f32,
    .smooth_f64 = smooth_f64,
    .coherence_f32 = coherence_f32,
    .coherence_f64 = coherence_f64,
    .inverse_f32 = inverse_f32,
    .inverse_f64 = inverse_f64,
    .forward_f64 = forward_f64,
};
