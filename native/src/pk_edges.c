/* Smoothing where the window hangs over an end of the series.
 *
 * The sum over the samples t = 0 ... N - 1 of A(t) G(t - t') breaks off within the window. A is
 * known at coarser points p (and beyond the ends, by a few); with an interpolation kernel K,
 * A(t) = sum_p A_p K(t - p), it is a weighted sum over them again, and the weights are those of
 * the window, cut off and seen through K. The padded circle of the smoothing brings the other
 * end of the series into view: these are segments of their own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pk_math.h"
#include "pk_multi.h"

enum { CELLS = PK_CELLS, KERNEL = 2 * PK_MARGIN * CELLS };

/* Width of the Gaussian that ends the sinc, in distances of two points. */
static const double KERNEL_WIDTH = 1.9;
static const double WINDOW_RADIUS = 5.0;
static const float NEGLIGIBLE = 1e-7f;

/* K at the middle of the cells, from -PK_MARGIN to PK_MARGIN; the weights of the points around
 * any cell sum to one. */
static void make_kernel(double *kernel)
{
    for (int c = 0; c < KERNEL; c++) {
        double u = (c + 0.5) / CELLS - PK_MARGIN, whole = floor(u + 0.5), cosine, sine;
        /* Half a turn at most: the series of pk_cis_radians still gives twelve digits. */
        pk_cis_radians(PK_PI * (u - whole), &cosine, &sine);
        if (((int)whole) & 1)
            sine = -sine;
        kernel[c] = sine / (PK_PI * u) * pk_exp(-0.5 * u * u / (KERNEL_WIDTH * KERNEL_WIDTH));
    }
    for (int phase = 0; phase < CELLS; phase++) {
        double sum = 0;
        for (int c = phase; c < KERNEL; c += CELLS)
            sum += kernel[c];
        for (int c = phase; c < KERNEL; c += CELLS)
            kernel[c] /= sum;
    }
}

void pk_edges_kernel(pk_edge_kernel *kernel)
{
    double values[KERNEL];
    make_kernel(values);
    for (int phase = 0; phase < CELLS; phase++)
        for (int i = 0; i < 2 * PK_MARGIN; i++)
            kernel->at[phase][i] = values[phase + (2 * PK_MARGIN - 1 - i) * CELLS];
}

typedef struct {
    double scale, hp; /* distance of two points p, in samples */
    int32_t length, samples;
    const pk_edge_kernel *kernel;
} edge_rule;

/* The window at even distances: a Gaussian goes on by two products. */
typedef struct {
    double value, ratio, change;
} gaussian;

static gaussian gaussian_from(const edge_rule *rule, double distance, double step)
{
    double x = distance / rule->scale, d = step / rule->scale;
    return (gaussian){pk_exp(-0.5 * x * x) / rule->scale, pk_exp(-d * (x + 0.5 * d)),
                      pk_exp(-d * d)};
}

static double gaussian_next(gaussian *g)
{
    double value = g->value;
    g->value *= g->ratio;
    g->ratio *= g->change;
    return value;
}

/* Adds the integral of the window around `centre` over the cells low ... high - 1, as far as
 * they lie between `begin` and `end`, to the taps of the points from ... to - 1 around them. */
static void add_cells(const edge_rule *rule, double centre, const double span[2],
                      const int64_t range[2], float sign, float *taps)
{
    double width = rule->hp / CELLS;
    int64_t from = range[0], to = range[1];
    int64_t low = (from - PK_MARGIN) * CELLS, high = (to + PK_MARGIN) * CELLS;
    double first = floor(span[0] / width), last = ceil(span[1] / width);
    low = first > (double)low ? (int64_t)first : low;
    high = last < (double)high ? (int64_t)last : high;
    if (low >= high)
        return;
    gaussian g = gaussian_from(rule, ((double)low + 0.5) * width - centre, width);
    for (int64_t c = low; c < high; c++) {
        double weight = gaussian_next(&g) * width;
        double begin = (double)c * width, end = begin + width;
        if (begin < span[0] || end > span[1]) {
            begin = begin > span[0] ? begin : span[0];
            end = end < span[1] ? end : span[1];
            double x = (0.5 * (begin + end) - centre) / rule->scale;
            weight = end > begin ? pk_exp(-0.5 * x * x) / rule->scale * (end - begin) : 0;
        }
        if (weight < 1e-10)
            continue;
        /* The points within PK_MARGIN of the cell. */
        int64_t near = c >= 0 ? c / CELLS : -((-c + CELLS - 1) / CELLS);
        int64_t lowest = near - PK_MARGIN + 1, p = lowest > from ? lowest : from;
        int64_t stop = near + PK_MARGIN + 1 < to ? near + PK_MARGIN + 1 : to;
        const double *kernel = rule->kernel->at[c - near * CELLS] + (p - lowest);
        for (float *tap = taps + (p - from), *end_ = taps + (stop - from); tap < end_;)
            *tap++ += sign * (float)(weight * *kernel++);
    }
}

/* Taps of the window around `centre`, which may lie off the series; returns how many. */
static int32_t make_taps(const edge_rule *rule, double centre, float *taps, int32_t *first)
{
    double reach = WINDOW_RADIUS * rule->scale / rule->hp, at = centre / rule->hp;
    double low = at - reach > 0 ? at - reach : 0;
    double high = at + reach < rule->samples ? at + reach : rule->samples;
    if (high <= low)
        return 0;
    int64_t from = (int64_t)floor(low) - PK_MARGIN, to = (int64_t)ceil(high) + PK_MARGIN;
    from = from < -PK_MARGIN ? -PK_MARGIN : from;
    to = to > rule->samples + PK_MARGIN ? rule->samples + PK_MARGIN : to;
    /* Where the centre is on the series, the whole window, less what of it is off: then but
     * little is seen through K. Otherwise what is on the series, which is little itself. */
    int off = centre < -0.5 || centre > rule->length - 0.5;
    const int64_t range[2] = {from, to};
    const double end = rule->length - 0.5;
    if (off) {
        memset(taps, 0, (size_t)(to - from) * sizeof *taps);
        add_cells(rule, centre, (double[2]){-0.5, end}, range, 1, taps);
    } else {
        gaussian g = gaussian_from(rule, (double)from * rule->hp - centre, rule->hp);
        for (int64_t p = from; p < to; p++)
            taps[p - from] = (float)(gaussian_next(&g) * rule->hp);
        add_cells(rule, centre, (double[2]){-HUGE_VAL, -0.5}, range, -1, taps);
        add_cells(rule, centre, (double[2]){end, HUGE_VAL}, range, -1, taps);
    }
    while (to > from && fabsf(taps[to - from - 1]) < NEGLIGIBLE)
        to--;
    int64_t skip = 0;
    while (from + skip < to && fabsf(taps[skip]) < NEGLIGIBLE)
        skip++;
    memmove(taps, taps + skip, (size_t)(to - from - skip) * sizeof *taps);
    *first = (int32_t)(from + skip);
    return (int32_t)(to - from - skip);
}

int pk_edges_init(const pk_plan *plan, pk_multi_scale *m, double scale, double hp,
                  const pk_edge_kernel *kernel)
{
    edge_rule rule = {.scale = scale,
                      .hp = hp,
                      .length = plan->length,
                      .samples = m->samples,
                      .kernel = kernel};
    int32_t count = m->in_low - m->mu_low + m->mu_high - m->in_high;
    size_t most = (size_t)(2 * WINDOW_RADIUS * scale / hp) + 2 * PK_MARGIN + 4;
    if (most > (size_t)m->samples + 2 * PK_MARGIN)
        most = (size_t)m->samples + 2 * PK_MARGIN;
    m->edges = calloc((size_t)count + 1, sizeof *m->edges);
    m->edge_taps = malloc(((size_t)count * 3 * most + 1) * sizeof *m->edge_taps);
    if (!m->edges || !m->edge_taps)
        return PK_NO_MEMORY;
    float *taps = m->edge_taps;
    pk_edge *edge = m->edges;
    for (int32_t mu = m->mu_low; mu < m->mu_high; mu++) {
        if (mu >= m->in_low && mu < m->in_high)
            continue;
        for (int turn = -1; turn <= 1; turn++) {
            double centre = ((double)mu * (1 << m->log_step)) + (double)turn * plan->smooth_padded;
            pk_segment *segment = &edge->segment[edge->n_segments];
            segment->count = make_taps(&rule, centre, taps, &segment->first);
            segment->taps = taps;
            taps += segment->count;
            edge->n_segments += segment->count > 0;
        }
        edge++;
    }
    return PK_OK;
}
