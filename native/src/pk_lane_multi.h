/* The multirate path: short transforms, strided smoothing. Included by pk_hot.c alone. */
#ifndef PK_LANE_MULTI_H
#define PK_LANE_MULTI_H

#include "pk_lane_coherence.h"
#include "pk_lane_fft.h"
#include "pk_lane_noise.h"
#include "pk_multi.h"

typedef struct {
    cplx *x1, *x2;   /* spectra, `padded` bins each */
    cplx *w[4];      /* transforms */
    quad *products;  /* sample 0 of the series; PK_MARGIN more on either side */
    quad *ring;      /* smoothed products of the last n_weights scales */
    quad *sum;       /* over scales */
} multi_space;

static size_t multi_workspace(const pk_plan *plan)
{
    const pk_multi *m = plan->multi;
    size_t quads = (size_t)m->most_samples + 2 * PK_MARGIN +
                   (size_t)m->most_values * (size_t)(plan->n_weights + 1);
    size_t bins = 2 * (size_t)plan->padded + 4 * (size_t)m->most_bins;
    return bins * sizeof(cplx) + quads * sizeof(quad);
}

static multi_space multi_layout(const pk_plan *plan, void *workspace)
{
    const pk_multi *m = plan->multi;
    multi_space space;
    space.x1 = workspace;
    space.x2 = space.x1 + plan->padded;
    space.w[0] = space.x2 + plan->padded;
    for (int i = 1; i < 4; i++)
        space.w[i] = space.w[i - 1] + m->most_bins;
    space.products = (quad *)(space.w[3] + m->most_bins) + PK_MARGIN;
    space.ring = space.products + m->most_samples + PK_MARGIN;
    space.sum = space.ring + (size_t)m->most_values * (size_t)plan->n_weights;
    return space;
}

/* Bin k of the band goes to k mod n of the short transform. */
static void fold_band(const pk_multi_scale *m, const cplx *restrict x, cplx *restrict out)
{
    int32_t n = m->fft->n, first = m->k_low % n, stride = m->stride;
    const cplx *in = x + (size_t)m->k_low * (size_t)stride;
    for (int32_t i = 0; i < n; i++, in += stride) {
        float psi = m->psi[i];
        int32_t k = first + i < n ? first + i : first + i - n;
        out[k] = (cplx){in->r * psi, in->i * psi};
    }
}

static void multi_products(const pk_multi_scale *m, multi_space *w)
{
    int32_t n = m->fft->n;
    fold_band(m, w->x1, w->w[0]);
    const cplx *w1 = inverse(m->fft, w->w[0], w->w[1]);
    fold_band(m, w->x2, w->w[2]);
    const cplx *w2 = inverse(m->fft, w->w[2], w->w[3]);
    for (int32_t p = -PK_MARGIN; p < m->samples + PK_MARGIN; p++) {
        int32_t at = p < 0 ? p + n : p < n ? p : p - n;
        w->products[p] = products(w1[at], w2[at]);
    }
}

PK_INLINE quad weighted_sum(const quad *restrict a, const float *restrict taps, int32_t count)
{
    quad s = {{0}, {0}, {0}, {0}};
    for (int32_t i = 0; i < count; i++) {
        s.s1 += a[i].s1 * taps[i];
        s.s2 += a[i].s2 * taps[i];
        s.xr += a[i].xr * taps[i];
        s.xi += a[i].xi * taps[i];
    }
    return s;
}

PK_INLINE quad edge_sum(const quad *a, const pk_edge *edge)
{
    quad s = {{0}, {0}, {0}, {0}};
    for (int32_t i = 0; i < edge->n_segments; i++) {
        const pk_segment *segment = &edge->segment[i];
        quad part = weighted_sum(a + segment->first, segment->taps, segment->count);
        s.s1 += part.s1;
        s.s2 += part.s2;
        s.xr += part.xr;
        s.xi += part.xi;
    }
    return s;
}

static quad *multi_slot(const pk_plan *plan, const multi_space *w, int32_t i)
{
    return w->ring + (size_t)(i % plan->n_weights) * (size_t)plan->multi->most_values;
}

static void multi_smooth(const pk_plan *plan, const pk_multi_scale *m, multi_space *w, int32_t i)
{
    quad *out = multi_slot(plan, w, i);
    const pk_edge *edge = m->edges;
    for (int32_t mu = m->mu_low; mu < m->in_low; mu++)
        *out++ = edge_sum(w->products, edge++);
    int32_t phase = m->in_low % m->phases, base = m->in_low / m->phases * m->advance;
    for (int32_t mu = m->in_low; mu < m->in_high; mu++) {
        const float *taps = m->taps + phase * m->n_taps;
        *out++ = weighted_sum(w->products + base + m->start[phase], taps, m->n_taps);
        if (++phase == m->phases) {
            phase = 0;
            base += m->advance;
        }
    }
    for (int32_t mu = m->in_high; mu < m->mu_high; mu++)
        *out++ = edge_sum(w->products, edge++);
}

/* The values of scale i at the counted points of scale j. */
typedef struct {
    const quad *at;
    int32_t stride;
} strided;

static strided multi_values(const pk_plan *plan, const multi_space *w, int32_t i, int32_t j)
{
    const pk_multi_scale *m = &plan->multi->scales[i];
    const pk_scale *s = &plan->scales[j];
    int32_t first = grid_of(s).first >> m->log_step;
    return (strided){multi_slot(plan, w, i) + (first - m->mu_low), s->step >> m->log_step};
}

/* sum = weight * values, or sum += weight * values. */
static void multi_add(quad *restrict sum, strided v, int32_t count, float weight, int first)
{
    for (int32_t p = 0; p < count; p++) {
        const quad *x = v.at + (size_t)p * (size_t)v.stride;
        quad s = first ? (quad){{0}, {0}, {0}, {0}} : sum[p];
        sum[p] = (quad){s.s1 + weight * x->s1, s.s2 + weight * x->s2, s.xr + weight * x->xr,
                        s.xi + weight * x->xi};
    }
}

static void multi_count(const pk_plan *plan, multi_space *w, int32_t j, pk_sink *sink)
{
    const pk_scale *s = &plan->scales[j];
    grid g = grid_of(s);
    int32_t reach = plan->n_weights / 2;
    int32_t low = j < reach ? 0 : j - reach;
    int32_t high = j + reach < plan->n_used ? j + reach + 1 : plan->n_used;
    int64_t *hist = sink->hist ? sink->hist + (size_t)j * (size_t)plan->bins : NULL;
    for (int32_t i = low; i < high; i++)
        multi_add(w->sum, multi_values(plan, w, i, j), g.count, plan->weights[i - j + reach],
                  i == low);
    for (int32_t p = 0; p < g.count; p++)
        count_point(plan, sink, hist, squared_coherence(w->sum[p]), samples_of(s, g, p));
}

static int multi_block(const pk_plan *plan, void *workspace, const pk_block *block, pk_sink *sink)
{
    multi_space w = multi_layout(plan, workspace);
    int32_t n = plan->padded, reach = plan->n_weights / 2;
    noise(plan, block, w.x1);
    memset(w.x1 + plan->length, 0, (size_t)(n - plan->length) * sizeof *w.x1);
    cplx *z = forward(&plan->forward, w.x1, w.x2);
    if (z != w.x1) {
        w.x2 = w.x1;
        w.x1 = z;
    }
    split(w.x1, w.x2, n, plan->multi->k_low, plan->multi->k_high);
    for (int32_t i = 0; i < plan->n_counted + reach; i++) {
        if (cancelled(block))
            return PK_CANCELLED;
        if (i < plan->n_used) {
            const pk_multi_scale *m = &plan->multi->scales[i];
            multi_products(m, &w);
            multi_smooth(plan, m, &w, i);
        }
        if (i >= reach)
            multi_count(plan, &w, i - reach, sink);
    }
    return PK_OK;
}

#endif
