/* The inside of a plan: tables in float32, made once in double precision. */
#ifndef PK_PLAN_H
#define PK_PLAN_H

#include "pycwt_kernel.h"

#define PK_MAX_STAGES 28

/* One length of the lane FFT: radices and twiddle factors (re, im) of the forward direction. */
typedef struct {
    int32_t n, stages;
    uint8_t radix[PK_MAX_STAGES];
    float *twiddle[PK_MAX_STAGES];
} pk_fft;

/* A scale of the plain path. */
typedef struct {
    int32_t k_low, k_high; /* signed frequency bins of psi: k_low <= k < k_high */
    int32_t n_window;      /* bins 0 ... n_window - 1 of the window's spectrum, the rest is 0 */
    float *psi, *window;
} pk_plain_scale;

/* What both paths know of a scale. */
typedef struct {
    double scale;
    int32_t low, high; /* counted samples: low <= t < high */
    int32_t step;      /* R2 is evaluated at the multiples of step, a power of two */
    int32_t first, points; /* the first of them, and how many */
    int32_t ends[4];   /* samples that the first two and the last two points count for */
    int32_t in_low, in_high; /* samples beyond the edges */
    int64_t near, more;      /* what a sample near an edge counts, and how much more one beyond */
    const int32_t *nodes; /* samples from the ends that are counted besides; -1: none */
    float balance[3];  /* brings |W1|^2, |W2|^2 and |W1 W2*| to the order of one, exactly */
} pk_scale;

typedef struct pk_isa pk_isa;
typedef struct pk_multi pk_multi;

struct pk_plan {
    int32_t family, bins, order, path;
    double omega0;
    double shape;  /* gamma of Morse */
    double peak;   /* frequency of the wavelet's peak, times scale */
    double cone;   /* e-folding time, in scales */
    double ar1[2];
    /* x[t] = sign (x[t-1] - loss x[t-1]) + gain z[t], of unit variance: 1 - |a| is what counts
     * where |a| is close to one. */
    float sign[2], loss[2], gain[2];
    int32_t length, padded, smooth_padded;
    int32_t n_scales, n_weights;
    int32_t own, own_end; /* scales of the histogram */
    int32_t n_counted; /* scales own ... n_counted - 1 have counted points or nodes */
    int32_t n_used;    /* scales that they need, with those they are smoothed over */
    uint32_t stream;   /* upper bits of the generator's time word */
    int64_t points;
    int32_t n_nodes;
    int64_t pitch;  /* cells of a block of the histogram */
    int32_t *nodes; /* n_nodes for each scale of the histogram */
    float *weights; /* of the smoothing over scales */
    pk_scale *scales;
    pk_fft forward, smooth;
    pk_plain_scale *plain;
    pk_multi *multi;
    const pk_isa *isa;
    int32_t borrowed; /* tables of another plan: all but the scales */
};

/* Where R2 goes: the histogram, or (for tests) the values of the first lane. */
typedef struct {
    int64_t *hist;
    float *r2;
    int32_t lanes; /* realisations of the block that count */
} pk_sink;

typedef struct {
    uint64_t seed, first;
    const volatile int32_t *cancel;
    /* Series given from outside in place of noise, `length` samples for each lane that counts;
     * NULL: none. */
    const float *x1, *x2;
    int32_t given; /* lanes that have series */
} pk_block;

/* What is compiled once for each instruction set; lane = realisation. */
struct pk_isa {
    const char *name;
    int32_t lanes;
    int32_t (*supported)(void);
    size_t (*workspace)(const pk_plan *plan);
    int (*block)(const pk_plan *plan, void *workspace, const pk_block *block, pk_sink *sink);
    void (*series)(const pk_plan *plan, void *workspace, const pk_block *block, float *x1,
                   float *x2);
};

/* The evaluated points of a scale, from its counted samples and its step. */
void pk_scale_points(pk_scale *scale);

/* What is wrong with the nodes of a task, or NULL. */
const char *pk_nodes_fault(const pk_task *task);
int pk_nodes_init(pk_plan *plan, const pk_task *task);
/* How many of them a scale has. */
int32_t pk_nodes_of(const pk_plan *plan, int32_t scale);
/* Whether a task has the plan's. */
int pk_nodes_alike(const pk_plan *plan, const pk_task *task);

/* The time index and the number of the stream share a word of the generator's counter. */
enum { PK_STREAM_SHIFT = 26, PK_STREAMS = 64 };

/* Returns `code`, and tells why. */
int pk_fail(pk_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Refuses a task that can't be computed; the text names the field. */
int pk_check(const pk_task *task, int32_t path, pk_error *error);

int pk_fft_init(pk_fft *fft, int32_t n);
void pk_fft_free(pk_fft *fft);

/* Tables of the paths; return an enum pk_code. */
int pk_plain_init(pk_plan *plan);
void pk_plain_free(pk_plan *plan);

int pk_multi_fits(const pk_plan *plan);
int pk_multi_init(pk_plan *plan);
void pk_multi_free(pk_plan *plan);

/* Fourier transform of the wavelet at scale * frequency x, of order one at its peak. */
double pk_wavelet(const pk_plan *plan, double x);
/* Spectrum of the AR(1) series number q at bin k of n, unit variance. */
double pk_spectrum(const pk_plan *plan, int q, int64_t k, int64_t n);

/* NULL where there is none of that name, or this processor doesn't have it. */
const pk_isa *pk_isa_find(const char *name);
/* The one that suits this processor and the size of the plan. */
const pk_isa *pk_isa_fitting(const pk_plan *plan);

#endif
