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

/* Wavelet coherence, of two series at one scale. With a1, a2 the interpolated values of both bands
 * before they are turned up again (the carrier is common, and cancels), at outputs t = mD + d:
 *
 *     phase[t] = angle of z = a1 a2*
 *     sums[i][m] = 2/D sum_t window[k][d] p_i[t],   m' + k - K/2 + 1 = m,  t = m'D + d
 *
 * where p_1 … p_4 are |a1|^2, |a2|^2, Re z and Im z: the adjoint of the interpolation, so that
 * what is smoothed at the rate of the band is the series of all samples, cut at its ends. (Two
 * outputs of each point make the same sum wherever it doesn't reach over an end.) Here D is at most
 * half of PT_MAX_DECIMATION, and the window symmetric, window[k][D - d] = window[K - 1 - k][d], and so
 * they are for pt_window. */
typedef struct {
    pt_row first;       /* filter, and band of the first series */
    const void *second; /* band of the second */
    int64_t pitch;      /* REALs between two rows of sums */
} pt_pair;

/* `sums` points at m = -max(K/2 - 1, 0) in the first of four rows, which need
 * pt_sums_length(pair, count) REALs each; they are overwritten. */
int64_t pt_sums_length(const pt_row *row, int64_t count);
int pt_pair_f32(int32_t isa, const pt_pair *pair, int64_t count, float *phase, float *sums);
int pt_pair_f64(int32_t isa, const pt_pair *pair, int64_t count, double *phase, double *sums);

/* out[i] = sum_j taps[|j|] x[i + j], |j| <= half, for i < count. The arrays go on for
 * PT_SLACK REALs, and out is overwritten there. Where there is `between`, of `half` reals, out has
 * twice as many numbers: these at out[2i], and
 *
 *     out[2i + 1] = sum_j between[j] (x[i - j] + x[i + 1 + j]),  0 <= j < half. */
enum { PT_SLACK = 64 };
int pt_smooth_f32(int32_t isa, const float *x, const float *taps, const float *between,
                  int32_t half, int64_t count, float *out);
int pt_smooth_f64(int32_t isa, const double *x, const double *taps, const double *between,
                  int32_t half, int64_t count, double *out);

/* Squared coherence from the smoothed sums of the scales in a window, of a few scales that have
 * most of their windows in common: reading the terms is what takes time.
 *
 *     T_i = sum_n weights[n] terms[n][i],   interpolated to every sample,
 *     out = (T_3^2 + T_4^2) / (T_1 T_2), within [0, 1]; 0 where T_1 or T_2 is not above its floor.
 */
enum { PT_MAX_SCALES = 4 };

typedef struct {
    int32_t scales;            /* 1 to PT_MAX_SCALES */
    double floors[PT_MAX_SCALES][2];
    const double *weights;     /* `count` of each scale */
    const void *const *terms;  /* each: four rows, beginning at point -max(K/2 - 1, 0) */
    const int64_t *pitches;    /* REALs between two rows of each term */
    const void *window;
    int32_t count;             /* of the terms */
    int32_t decimation;
    int32_t reach;
} pt_window;

/* Each row of a term has pt_term_length(window, count) REALs. */
int64_t pt_term_length(const pt_window *window, int64_t count);
int pt_coherence_f32(int32_t isa, const pt_window *window, int64_t count, float *const *out);
int pt_coherence_f64(int32_t isa, const pt_window *window, int64_t count, double *const *out);

/* A signal from a run of its bins, by an inverse FFT:
 *
 *     x[t] = scale sum_i bins[i] exp(2 pi i (first + i) t / length),   -before <= t < after
 *
 * where t counts round the circle. */
typedef struct {
    const double *bins; /* complex */
    int64_t count;      /* of the bins, at most length */
    int64_t first;
    int64_t length;     /* a power of two, at least PT_MIN_FFT */
    double scale;
    int64_t before;     /* each from 0 to length */
    int64_t after;
    void *room; /* for `length` complex numbers of the result's kind, and PT_ROOM bytes; or NULL */
} pt_circle;

enum { PT_MIN_FFT = 1 << 8, PT_ROOM = 64 };

/* before + after interleaved complex numbers. */
int pt_inverse_f32(int32_t isa, const pt_circle *circle, float *out);
int pt_inverse_f64(int32_t isa, const pt_circle *circle, double *out);

/* Bins 0 ... n/2, interleaved complex, of `count` real numbers, an even number, and zeros up to
 * n = 2 half of them. half is a power of two, at least PT_MIN_FFT. */
int pt_forward_f64(int32_t isa, const double *x, int64_t count, int64_t half, double *out);

/* Number of the best instruction set here, and whether this processor runs one. */
int32_t pt_isa_best(void);
int32_t pt_isa_supported(int32_t isa);
const char *pt_isa_name(int32_t isa);

#ifdef __cplusplus
}
#endif

#endif
