/* Vectors whose lanes are realisations. Every operation is IEEE 754 single precision, lane by
 * lane, so that all instruction sets give the same bits. Included by pk_hot.c alone. */
#ifndef PK_LANE_H
#define PK_LANE_H

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef PK_LANES
#error "PK_LANES: 4, 8 or 16"
#endif

typedef float vf __attribute__((vector_size(PK_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(PK_LANES * 4)));
typedef uint32_t vu __attribute__((vector_size(PK_LANES * 4)));

/* A complex number of each lane. */
typedef struct {
    vf r, i;
} cplx;

/* |W1|^2, |W2|^2 and W1 W2* of each lane. */
typedef struct {
    vf s1, s2, xr, xi;
} quad;

#define PK_INLINE static inline __attribute__((always_inline))

PK_INLINE vf splat(float x)
{
    return (vf){0} + x;
}

PK_INLINE vf choose(vi mask, vf a, vf b)
{
    return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}

PK_INLINE vf root(vf x)
{
#if PK_LANES == 16 && defined(__AVX512F__)
    return (vf)_mm512_sqrt_ps((__m512)x);
#elif PK_LANES == 8 && defined(__AVX2__)
    return (vf)_mm256_sqrt_ps((__m256)x);
#elif PK_LANES == 4 && defined(__x86_64__)
    return (vf)_mm_sqrt_ps((__m128)x);
#elif PK_LANES == 4 && defined(__aarch64__)
    return (vf)vsqrtq_f32((float32x4_t)x);
#else
    vf y;
    for (int l = 0; l < PK_LANES; l++)
        y[l] = __builtin_sqrtf(x[l]);
    return y;
#endif
}

/* Subnormal numbers count as zero while the kernel runs: they are slow on some processors. */
PK_INLINE uint64_t flush_subnormals(void)
{
#if defined(__x86_64__)
    uint32_t old = _mm_getcsr();
    _mm_setcsr((old & ~0x6000u) | 0x8040u); /* FTZ, DAZ, round to nearest */
    return old;
#elif defined(__aarch64__)
    uint64_t old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"((old & ~0xC00000ull) | 0x1000000ull));
    return old;
#else
    return 0;
#endif
}

PK_INLINE void restore_subnormals(uint64_t old)
{
#if defined(__x86_64__)
    _mm_setcsr((uint32_t)old);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(old));
#else
    (void)old;
#endif
}

#endif
