/* The plain path: full-length transforms and every sample at every scale. It is the oracle of
 * the fast one, and what Paul and DOG run on. Included by pk_hot.c alone. */
#ifndef PK_LANE_PLAIN_H
#define PK_LANE_PLAIN_H

#include "pk_lane_coherence.h"
#include "pk_lane_fft.h"
#include "pk_lane_noise.h"

typedef struct {
    cplx *x1, *x2;       /* spectra, bins 0 ... n/2 */
    cplx *a, *b, *c, *d; /* transforms */
    quad *ring;          /* time-smoothed products of the last n_weights scales */
} plain_space;

static size_t plain_workspace(const pk_plan *plan)
{
    size_t n = (size_t)plan->padded, half = n / 2 + 1;
    return (2 * half + 4 * n) * sizeof(cplx) +
           (size_t)plan->n_weights * (size_t)plan->length * sizeof(quad);
}

static plain_space plain_layout(const pk_plan *plan, void *workspace)
{
    size_t n = (size_t)plan->padded, half = n / 2 + 1;
    plain_space w;
    w.x1 = workspace;
    w.x2 = w.x1 + half;
    w.a = w.x2 + half;
    w.b = w.a + n;
    w.c = w.b + n;
    w.d = w.c + n;
    w.ring = (quad *)(w.d + n);
    return w;
}

/* out = spectrum times psi, at negative bins by the symmetry of a real series. */
static void apply_wavelet(const pk_plan *plan, const pk_plain_scale *scale, const cplx *restrict x,
                          cplx *restrict out)
{
    int32_t n = plan->padded;
    memset(out, 0, (size_t)n * sizeof *out);
    for (int32_t k = scale->k_low; k < scale->k_high; k++) {
        float psi = scale->psi[k - scale->k_low];
        cplx v = k < 0 ? (cplx){x[-k].r, -x[-k].i} : x[k];
        out[k < 0 ? k + n : k] = (cplx){v.r * psi, v.i * psi};
    }
}

/* Spectrum times that of a real, even window. */
static void apply_window(const pk_plan *plan, const pk_plain_scale *scale, cplx *x)
{
    int32_t n = plan->smooth_padded;
    for (int32_t k = 0; k < n; k++) {
        int32_t m = k <= n / 2 ? k : n - k;
        float g = m < scale->n_window ? scale->window[m] : 0.0f;
        x[k].r *= g;
        x[k].i *= g;
    }
}

static cplx *smooth_in_time(const pk_plan *plan, const pk_plain_scale *scale, cplx *x, cplx *y)
{
    memset(x + plan->length, 0, (size_t)(plan->smooth_padded - plan->length) * sizeof *x);
    cplx *spectrum = forward(&plan->smooth, x, y);
    apply_window(plan, scale, spectrum);
    return inverse(&plan->smooth, spectrum, spectrum == x ? y : x);
}

static void plain_scale(const pk_plan *plan, plain_space *w, int32_t j)
{
    const pk_plain_scale *scale = &plan->plain[j];
    /* The powers of both series share the parts of a complex number while they are smoothed:
     * brought to one order, neither drowns in the rounding of the other. */
    const float *b = plan->scales[j].balance;
    float undo[3] = {1 / b[0], 1 / b[1], 1 / b[2]};
    apply_wavelet(plan, scale, w->x1, w->a);
    cplx *w1 = inverse(&plan->forward, w->a, w->b);
    cplx *free1 = w1 == w->a ? w->b : w->a;
    apply_wavelet(plan, scale, w->x2, w->c);
    cplx *w2 = inverse(&plan->forward, w->c, w->d);
    cplx *free2 = w2 == w->c ? w->d : w->c;
    for (int32_t t = 0; t < plan->length; t++) {
        quad q = products(w1[t], w2[t]);
        w1[t] = (cplx){q.s1 * b[0], q.s2 * b[1]};
        w2[t] = (cplx){q.xr * b[2], q.xi * b[2]};
    }
    const cplx *auto_ = smooth_in_time(plan, scale, w1, free1);
    const cplx *cross = smooth_in_time(plan, scale, w2, free2);
    quad *out = w->ring + (size_t)(j % plan->n_weights) * (size_t)plan->length;
    for (int32_t t = 0; t < plan->length; t++)
        out[t] = (quad){auto_[t].r * undo[0], auto_[t].i * undo[1], cross[t].r * undo[2],
                        cross[t].i * undo[2]};
}

/* R2 at sample t of scale j. */
PK_INLINE vf plain_r2(const pk_plan *plan, const plain_space *w, int32_t j, int32_t t)
{
    int32_t reach = plan->n_weights / 2;
    int32_t low = j < reach ? 0 : j - reach;
    int32_t high = j + reach < plan->n_used ? j + reach + 1 : plan->n_used;
    quad sum = {{0}, {0}, {0}, {0}};
    for (int32_t i = low; i < high; i++) {
        const quad *s = w->ring + (size_t)(i % plan->n_weights) * (size_t)plan->length + t;
        float weight = plan->weights[i - j + reach];
        sum.s1 += weight * s->s1;
        sum.s2 += weight * s->s2;
        sum.xr += weight * s->xr;
        sum.xi += weight * s->xi;
    }
    return squared_coherence(sum);
}

static void plain_count(const pk_plan *plan, const plain_space *w, int32_t j, pk_sink *sink)
{
    int64_t *hist = row_of(plan, sink, j);
    const pk_scale *scale = &plan->scales[j];
    for (int32_t t = scale->low; t < scale->high; t++)
        count_point(plan, sink, hist, plain_r2(plan, w, j, t), weight_of(scale, t - scale->low));
    for (int32_t i = 0; i < plan->n_nodes; i++) {
        int32_t t = scale->nodes[i];
        if (t < 0)
            continue;
        int64_t *row = hist ? hist + (1 + i) * plan->pitch : NULL;
        count_point(plan, sink, row, plain_r2(plan, w, j, t), 1);
        count_point(plan, sink, row, plain_r2(plan, w, j, plan->length - 1 - t), 1);
    }
}

static int plain_block(const pk_plan *plan, void *workspace, const pk_block *block, pk_sink *sink)
{
    plain_space w = plain_layout(plan, workspace);
    int32_t n = plan->padded, reach = plan->n_weights / 2;
    pair_of_series(plan, block, w.a);
    memset(w.a + plan->length, 0, (size_t)(n - plan->length) * sizeof *w.a);
    cplx *z = forward(&plan->forward, w.a, w.b);
    cplx *other = z == w.a ? w.b : w.a;
    split(z, other, n, 0, n / 2 + 1);
    memcpy(w.x1, z, (size_t)(n / 2 + 1) * sizeof *z);
    memcpy(w.x2, other, (size_t)(n / 2 + 1) * sizeof *z);
    for (int32_t i = 0; i < plan->n_counted + reach; i++) {
        if (cancelled(block))
            return PK_CANCELLED;
        if (i < plan->n_used)
            plain_scale(plan, &w, i);
        if (i >= reach + plan->own)
            plain_count(plan, &w, i - reach, sink);
    }
    return PK_OK;
}

#endif
