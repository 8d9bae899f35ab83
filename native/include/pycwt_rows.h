/* Rows of the continuous wavelet transform from band-limited series (plain C interface).
 *
 * A wavelet of the Morlet kind at scale s sees a narrow band round its own frequency. That band of
 * the series, sampled at every D-th point, is turned down to zero frequency, filtered with a short
 * symmetric filter, interpolated back to every point and turned up again:
 *
 *     v[m] = band[m] exp(-i omega D m)
 *     b[m] = sum_j taps[|j|] v[m + j],                        |j| <= half
 *     out[mD + d] = exp(i omega (mD + d)) sum_k window[k][d] b[m + k - K/2 + 1],  0 <= k < K
 *
 * Filter and window are the caller's, so all of the accuracy is decided there. Everything is
 * worked in blocks that stay in the first-level cache; phases count from the start of a block, so
 * they don't lose digits along the series. Results differ between instruction sets by rounding:
 * multiplications and additions are fused where the processor can. */
#ifndef PYCWT_ROWS_H
#define PYCWT_ROWS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pt_code { PT_OK = 0, PT_INVALID = 1, PT_NO_MEMORY = 2 };

typedef struct {
    double omega;         /* carrier in radians per sample of the output */
    int64_t band_length;  /* complex samples there are in band */
    int32_t decimation;   /* D, a power of two up to PT_MAX_DECIMATION */
    int32_t reach;        /* K, even, up to PT_MAX_REACH; 0 for D = 1, where nothing is interpolated */
    int32_t half;         /* >= 0 */
    const void *taps;     /* half + 1 reals */
    const void *window;   /* K rows of D reals */
    const void *band;     /* complex; begins half + max(K/2 - 1, 0) samples before the output */
} pt_row;

enum { PT_MAX_DECIMATION = 128, PT_MAX_REACH = 16 };

/* Complex samples of a band that a row of `count` outputs reads. */
int64_t pt_band_length(const pt_row *row, int64_t count);

/* count outputs, interleaved complex: single precision, and double. isa as for pk_isa_name. */
int pt_row_f32(int32_t isa, const pt_row *row, int64_t count, float *out);
int pt_row_f64(int32_t isa, const pt_row *row, int64_t count, double *out);

/* Number of the best instruction set here, and whether this processor runs one. */
int32_t pt_isa_best(void);
int32_t pt_isa_supported(int32_t isa);
const char *pt_isa_name(int32_t isa);

#ifdef __cplusplus
}
#endif

#endif
