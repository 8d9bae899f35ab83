/* Tables of the multirate path; see pk_multi.c for how they come about. */
#ifndef PK_MULTI_H
#define PK_MULTI_H

#include "pk_plan.h"

/* Samples of the products kept beyond either end of the series, for interpolation there. */
#define PK_MARGIN 5

/* Weighted sum over samples first ... first + count - 1 of the products. */
typedef struct {
    int32_t first, count;
    const float *taps;
} pk_segment;

/* A smoothed value whose window hangs over an end of the series: the part on it, and the parts
 * that come round the padded circle. */
typedef struct {
    int32_t n_segments;
    pk_segment segment[3];
} pk_edge;

typedef struct {
    /* Transform: bins k_low ... k_low + fft->n - 1, every `stride`-th of the full spectrum. */
    const pk_fft *fft;
    int32_t k_low, stride;
    float *psi; /* fft->n of them */
    /* Samples 0 ... samples - 1 of the transform lie on the series. */
    int32_t samples;
    /* Smoothing: values at the times mu << log_step, mu_low <= mu < mu_high. Those from in_low
     * to in_high - 1 take the taps of their phase, the others an edge's. */
    int32_t log_step, mu_low, mu_high, in_low, in_high;
    int32_t phases, n_taps, advance;
    int32_t *start; /* of each phase */
    float *taps;    /* n_taps for each phase */
    pk_edge *edges; /* those below in_low, then those from in_high on */
    float *edge_taps;
} pk_multi_scale;

struct pk_multi {
    int32_t n_ffts;
    pk_fft ffts[96]; /* three lengths an octave, up to 2^27 */
    pk_multi_scale *scales;
    double whole_band_rate;   /* of the transform times scale, off the Nyquist frequency */
    int32_t k_low, k_high;    /* bins of the full spectrum that any scale takes */
    int32_t most_bins, most_samples, most_values;
    int32_t running;   /* the scale weights are a boxcar with other ends */
    float end_weight;  /* of these ends, in units of the others */
};

/* The integral over t is taken in so many cells for each distance of two samples of a transform. */
enum { PK_CELLS = 8 };

/* The interpolation kernel at the middle of a cell, for the samples round it: the first one is
 * PK_MARGIN - 1 below the cell's own. */
typedef struct {
    double at[PK_CELLS][2 * PK_MARGIN];
} pk_edge_kernel;

void pk_edges_kernel(pk_edge_kernel *kernel);

/* Edge rules of a scale whose transform's samples are `hp` samples of the series apart. */
int pk_edges_init(const pk_plan *plan, pk_multi_scale *m, double scale, double hp,
                  const pk_edge_kernel *kernel);

#endif
