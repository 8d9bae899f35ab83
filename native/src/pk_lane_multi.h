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
    quad *zero;      /* what lies beyond the first and the last scale */
} multi_space;

static size_t multi_workspace(const pk_plan *plan)
{
    const pk_multi *m = plan->multi;
    size_t quads = (size_t)m->most_samples + 2 * PK_MARGIN +
                   (size_t)m->most_values * (size_t)(plan->n_weights + 1) + 1;
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
    space.zero = space.sum + m->most_values;
    memset(space.zero, 0, sizeof *space.zero);
    return space;
}

/* The first pass, straight from the spectrum: bin k of the band belongs at k mod n. */
PK_INLINE void band_pass(const pk_multi_scale *m, const cplx *restrict x, cplx *restrict y, int r)
{
    int32_t n = m->fft->n, sub = n / r, first = m->k_low % n;
    const float *w = m->fft->twiddle[0];
    const cplx *band = x + (size_t)m->k_low * (size_t)m->stride;
    /* One of the r inputs passes the end of the band at this p. */
    int32_t wrap = first % sub;
    for (int32_t p = 0, end = wrap; p < sub; end = sub) {
        int32_t from[8];
        for (int c = 0; c < r; c++)
            from[c] = (p + c * sub - first + n) % n - p;
        for (; p < end; p++, w += 2 * (r - 1)) {
            cplx v[8];
#pragma GCC unroll 8
            for (int c = 0; c < r; c++) {
                int32_t i = from[c] + p;
                const cplx *at = band + (size_t)i * (size_t)m->stride;
                v[c] = (cplx){at->r * m->psi[i], at->i * m->psi[i]};
            }
            butterfly(v, r, 1.0f);
            y[r * p] = v[0];
#pragma GCC unroll 8
            for (int j = 1; j < r; j++)
                y[r * p + j] = turn(v[j].r, v[j].i, w[2 * j - 2], w[2 * j - 1], 1.0f);
        }
    }
}

/* The transform of a series but for the last pass. */
static const cplx *band_transform(const pk_multi_scale *m, const cplx *x, cplx *a, cplx *b)
{
    switch (m->fft->radix[0]) {
    case 8: band_pass(m, x, a, 8); break;
    case 5: band_pass(m, x, a, 5); break;
    case 4: band_pass(m, x, a, 4); break;
    case 3: band_pass(m, x, a, 3); break;
    default: band_pass(m, x, a, 2); break;
    }
    return inverse_middle(m->fft, a, b);
}

/* The last pass of both transforms, and the products where they are needed. */
static void multi_products(const pk_multi_scale *m, multi_space *w)
{
    int32_t n = m->fft->n, s = n / 4, needed = m->samples + PK_MARGIN;
    const cplx *x1 = band_transform(m, w->x1, w->w[0], w->w[1]);
    const cplx *x2 = band_transform(m, w->x2, w->w[2], w->w[3]);
    quad *restrict out = w->products;
    int32_t end = needed < s ? needed : s;
    for (int32_t q = 0; q < end; q++) {
        cplx a[4] = {x1[q], x1[q + s], x1[q + 2 * s], x1[q + 3 * s]};
        cplx b[4] = {x2[q], x2[q + s], x2[q + 2 * s], x2[q + 3 * s]};
        butterfly4(a, 1.0f);
        butterfly4(b, 1.0f);
#pragma GCC unroll 4
        for (int c = 0; c < 4; c++)
            if (q + c * s < needed)
                out[q + c * s] = products(a[c], b[c]);
    }
    for (int32_t p = n - PK_MARGIN; p < n; p++) {
        int32_t q = p % s;
        cplx a[4] = {x1[q], x1[q + s], x1[q + 2 * s], x1[q + 3 * s]};
        cplx b[4] = {x2[q], x2[q + s], x2[q + 2 * s], x2[q + 3 * s]};
        butterfly4(a, 1.0f);
        butterfly4(b, 1.0f);
        out[p - n] = products(a[p / s], b[p / s]);
    }
    for (int32_t p = n; p < needed; p++)
        out[p] = out[p - n];
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
    quad *restrict out = multi_slot(plan, w, i);
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

/* The values of scale i at the evaluated points of scale j; zero beyond the scales there are. */
typedef struct {
    const quad *at;
    size_t stride;
} strided;

static strided multi_values(const pk_plan *plan, const multi_space *w, int32_t i, int32_t j)
{
    if (i < 0 || i >= plan->n_used)
        return (strided){w->zero, 0};
    const pk_multi_scale *m = &plan->multi->scales[i];
    const pk_scale *s = &plan->scales[j];
    int32_t first = s->first >> m->log_step;
    return (strided){multi_slot(plan, w, i) + (first - m->mu_low),
                     (size_t)(s->step >> m->log_step)};
}

/* a + weight * b */
PK_INLINE quad plus(quad a, quad b, float weight)
{
    return (quad){a.s1 + weight * b.s1, a.s2 + weight * b.s2, a.xr + weight * b.xr,
                  a.xi + weight * b.xi};
}

/* Sum of the scales low ... high - 1, weighted or not, at the points of scale j. */
static void multi_sum(const pk_plan *plan, multi_space *w, int32_t j, int32_t low, int32_t high,
                      const float *weights)
{
    int32_t count = plan->scales[j].points;
    memset(w->sum, 0, (size_t)count * sizeof *w->sum);
    for (int32_t i = low; i < high; i++) {
        strided v = multi_values(plan, w, i, j);
        float weight = weights ? weights[i - low] : 1.0f;
        for (int32_t p = 0; p < count; p++)
            w->sum[p] = plus(w->sum[p], v.at[(size_t)p * v.stride], weight);
    }
}

/* The sum over the inner scales j - reach + 1 ... j + reach - 1 goes on from that of scale j - 1
 * where the points are the same, and is made anew now and then, lest rounding piles up. */
static int sum_goes_on(const pk_plan *plan, int32_t j)
{
    return (j - plan->own) % 8 && plan->scales[j].step == plan->scales[j - 1].step;
}

static void multi_count_running(const pk_plan *plan, multi_space *w, int32_t j, pk_sink *sink)
{
    const pk_scale *s = &plan->scales[j];
    int32_t reach = plan->n_weights / 2, skip = 0;
    int64_t *hist = row_of(plan, sink, j);
    strided low = multi_values(plan, w, j - reach, j), high = multi_values(plan, w, j + reach, j);
    strided in = {w->zero, 0}, out = in;
    if (sum_goes_on(plan, j)) {
        in = multi_values(plan, w, j + reach - 1, j);
        out = low;
        skip = (s->first - s[-1].first) / s->step;
    } else {
        multi_sum(plan, w, j, j - reach + 1, j + reach, NULL);
    }
    float end_weight = plan->multi->end_weight;
    for (int32_t p = 0; p < s->points; p++) {
        size_t at = (size_t)p;
        quad inner = plus(w->sum[p + skip], in.at[at * in.stride], 1.0f);
        inner = plus(inner, out.at[at * out.stride], -1.0f);
        w->sum[p] = inner;
        quad sum = plus(inner, plus(low.at[at * low.stride], high.at[at * high.stride], 1.0f),
                        end_weight);
        count_point(plan, sink, hist, squared_coherence(sum), weight_of(s, p));
    }
}

static void multi_count(const pk_plan *plan, multi_space *w, int32_t j, pk_sink *sink)
{
    if (plan->multi->running) {
        multi_count_running(plan, w, j, sink);
        return;
    }
    const pk_scale *s = &plan->scales[j];
    int32_t reach = plan->n_weights / 2;
    int64_t *hist = row_of(plan, sink, j);
    multi_sum(plan, w, j, j - reach, j + reach + 1, plan->weights);
    for (int32_t p = 0; p < s->points; p++)
        count_point(plan, sink, hist, squared_coherence(w->sum[p]), weight_of(s, p));
}

static int multi_block(const pk_plan *plan, void *workspace, const pk_block *block, pk_sink *sink)
{
    multi_space w = multi_layout(plan, workspace);
    int32_t n = plan->padded, reach = plan->n_weights / 2;
    pair_of_series(plan, block, w.x1);
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
        if (i >= reach + plan->own)
            multi_count(plan, &w, i - reach, sink);
    }
    return PK_OK;
}

#endif
