/* Tables of the multirate path (Morlet).
 *
 * The band of the wavelet at scale s is (omega0 +- 4.2) / s wide: its bins alone, folded to a
 * short transform, give the wavelet transform at a low rate. A common shift of the band cancels
 * in |W1|^2, |W2|^2 and W1 W2*. These products are smoothed by the Gaussian as an FIR filter,
 * evaluated where they are counted and nowhere else: the coherence decorrelates as
 * exp(-tau^2 / 6 s^2), so points closer than two scales tell nothing new. */
#include "pk_multi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pk_math.h"

/* Half the width of a band, times scale: the wavelet falls to 4e-5 of its peak. */
static const double BAND = 4.5;
/* Where nothing at all is left of it. */
static const double BAND_END = 7;
/* Share of the smoothed products that may come from aliases. */
static const double ALIAS = 3e-6;
/* Beyond so many scales the Gaussian window is left out: its tails weigh 6e-7. */
static const double RADIUS = 5.0;
/* A transform's circle must exceed the series by so many scales, unless it is the full one. */
static const double PADDING = 3.5;
/* Least rate (times scale) where the window hangs over the ends at most points. */
static const double EDGE_RATE = 12, EDGE_LENGTH = 8;
/* Evaluated points: at most 2 scales apart, and so many in the counted span where it is short.
 * Half of them do where they are close together, or the ends count for less than what is
 * between. */
static const double MAX_STEP = 2, POINTS_PER_SPAN = 32, CLOSE = 0.71;
/* Smallest scale whose Gaussian window ends within the Nyquist band. */
static const double MIN_SCALE = 1.6;

enum { RATE_STEPS = 160 };

/* Spectrum of |W|^2 of white noise at steps of 0.1 (times scale), relative to 0, squared; `psi2`
 * holds the squared wavelet at these steps, up to the Nyquist frequency. */
static void product_powers(const double *psi2, int count, double *power)
{
    double zero = 0;
    for (int i = 0; i < count; i++)
        zero += psi2[i] * psi2[i];
    for (int shift = 0; shift < count; shift++) {
        double at = 0;
        for (int i = 0; i + shift < count; i++)
            at += psi2[i] * psi2[i + shift];
        power[shift] = at / zero;
    }
}

/* Whether sampling at `rate` (angular, times scale) keeps the smoothed products clean: what is
 * at rate - x folds to x, where the Gaussian leaves exp(-x^2 / 2) of it. */
static int rate_is_enough(const double *power, int count, double rate)
{
    for (double x = 0; x < 6; x += 0.1) {
        int shift = (int)floor((rate - x) * 10);
        if (shift >= 0 && shift < count && power[shift] * pk_exp(-x * x) > ALIAS * ALIAS)
            return 0;
    }
    return 1;
}

/* The least rate (angular, times scale) that will do. */
static double least_rate(const pk_plan *plan, double scale)
{
    double psi2[RATE_STEPS], power[RATE_STEPS], nyquist = scale * PK_PI;
    double low = plan->omega0 - BAND_END > 0 ? plan->omega0 - BAND_END : 0;
    int count = 0;
    for (double x = low + 0.05; x < plan->omega0 + BAND_END && x < nyquist; x += 0.1) {
        double psi = pk_wavelet(plan, x);
        psi2[count++] = psi * psi;
    }
    product_powers(psi2, count, power);
    double from = plan->omega0 - BAND > 0 ? plan->omega0 - BAND : 0;
    double to = plan->omega0 + BAND < nyquist ? plan->omega0 + BAND : nyquist;
    double rate = to - from;
    while (rate < 2 * nyquist && !rate_is_enough(power, count, rate))
        rate += 0.1;
    return rate;
}

/* The next of the lengths 2^b, 3 2^b, 5 2^b. */
static int32_t fft_length(double least)
{
    for (int32_t n = 8;; n *= 2) {
        if (n >= 32 && n / 8 * 5 >= least)
            return n / 8 * 5;
        if (n >= 16 && n / 4 * 3 >= least)
            return n / 4 * 3;
        if (n >= least)
            return n;
    }
}

static int find_fft(pk_multi *multi, int32_t n, const pk_fft **out)
{
    int i = 0;
    while (i < multi->n_ffts && multi->ffts[i].n != n)
        i++;
    *out = &multi->ffts[i];
    if (i < multi->n_ffts)
        return PK_OK;
    multi->n_ffts++;
    return pk_fft_init(&multi->ffts[i], n);
}

/* Every second bin of the spectrum is that of a circle half as long: it may serve where the
 * wavelet doesn't reach round it. Cut at zero or at the Nyquist frequency it reaches far. */
static int half_circle(const pk_plan *plan, double scale)
{
    int32_t half = plan->padded / 2;
    return half >= plan->smooth_padded && half - plan->length >= PADDING * scale &&
           pk_wavelet(plan, scale * PK_PI) < 1e-5 && plan->omega0 > 4.8;
}

static int init_band(const pk_plan *plan, pk_multi *multi, pk_multi_scale *m, double scale)
{
    m->stride = half_circle(plan, scale) ? 2 : 1;
    int32_t n = plan->padded / m->stride;
    double unit = scale * 2 * PK_PI / n, rate = multi->whole_band_rate;
    if (scale * PK_PI < plan->omega0 + BAND_END)
        rate = least_rate(plan, scale);
    if (plan->length < EDGE_LENGTH * scale && rate < EDGE_RATE)
        rate = EDGE_RATE;
    int32_t length = fft_length(rate / unit);
    if (length > n)
        length = n;
    int code = find_fft(multi, length, &m->fft);
    if (code)
        return code;
    m->psi = malloc((size_t)length * sizeof *m->psi);
    if (!m->psi)
        return PK_NO_MEMORY;
    int32_t low = (int32_t)floor(plan->omega0 / unit - 0.5 * length);
    if (low > n / 2 + 1 - length)
        low = n / 2 + 1 - length;
    m->k_low = low < 0 ? 0 : low;
    for (int32_t i = 0; i < length; i++) {
        int32_t k = m->k_low + i;
        m->psi[i] = k <= n / 2 ? (float)(pk_wavelet(plan, unit * k) * m->stride) : 0.0f;
    }
    int64_t samples = ((int64_t)plan->length * length + n - 1) / n;
    m->samples = (int32_t)samples;
    return PK_OK;
}

/* Distance of two samples of the transform, in samples of the series. */
static double spacing(const pk_plan *plan, const pk_multi_scale *m)
{
    return (double)(plan->padded / m->stride) / m->fft->n;
}

static int init_taps(const pk_plan *plan, pk_multi_scale *m, double scale)
{
    double hp = spacing(plan, m), ratio = (double)(1 << m->log_step) / hp;
    m->phases = 1;
    if (m->in_low == m->in_high)
        return PK_OK;
    while (ratio * m->phases != floor(ratio * m->phases))
        m->phases *= 2;
    m->advance = (int32_t)(ratio * m->phases);
    double reach = RADIUS * scale / hp;
    m->n_taps = (int32_t)floor(2 * reach) + 1;
    m->start = malloc((size_t)m->phases * sizeof *m->start);
    m->taps = malloc((size_t)m->phases * (size_t)m->n_taps * sizeof *m->taps);
    if (!m->start || !m->taps)
        return PK_NO_MEMORY;
    for (int32_t f = 0; f < m->phases; f++) {
        double at = f * ratio;
        m->start[f] = (int32_t)ceil(at - reach);
        for (int32_t i = 0; i < m->n_taps; i++) {
            double x = (m->start[f] + i - at) * hp / scale;
            m->taps[f * m->n_taps + i] = (float)(pk_exp(-0.5 * x * x) * hp / scale);
        }
    }
    return PK_OK;
}

/* Where the values of scale i are needed: on the finest grid and over the widest span of the
 * scales that are smoothed with it. */
static void set_grid(const pk_plan *plan, pk_multi_scale *m, int32_t i)
{
    int32_t reach = plan->n_weights / 2, step = 1 << 30;
    int32_t first = i > reach + plan->own ? i - reach : plan->own;
    for (int32_t j = first; j <= i + reach && j < plan->n_counted; j++)
        if (plan->scales[j].step < step)
            step = plan->scales[j].step;
    m->log_step = 0;
    while (1 << m->log_step < step)
        m->log_step++;
    const pk_scale *widest = &plan->scales[first];
    m->mu_low = (widest->low + step - 1) >> m->log_step;
    m->mu_high = ((widest->high - 1) >> m->log_step) + 1;
    /* No window of a wide scale lies within the series. */
    double reach_t = RADIUS * plan->scales[i].scale;
    m->in_low = m->in_high = m->mu_high;
    if (2 * reach_t > plan->length)
        return;
    int32_t low = (int32_t)ceil((reach_t - 0.5) / step);
    int32_t high = (int32_t)floor((plan->length - 0.5 - reach_t) / step) + 1;
    low = low > m->mu_low ? low : m->mu_low;
    high = high < m->mu_high ? high : m->mu_high;
    if (low < high) {
        m->in_low = low;
        m->in_high = high;
    }
}

/* Evaluated points: the multiples of a power of two, one of them at least. */
static void set_steps(pk_plan *plan)
{
    for (int32_t j = plan->own; j < plan->n_counted; j++) {
        pk_scale *s = &plan->scales[j];
        double limit = (s->high - s->low) / POINTS_PER_SPAN, close = s->scale * CLOSE;
        if (s->more > 0 || 2 * limit <= close)
            limit *= 2;
        else if (limit < close)
            limit = close;
        if (limit < s->scale / POINTS_PER_SPAN)
            limit = s->scale / POINTS_PER_SPAN;
        if (limit > s->scale * MAX_STEP * (1 + 1e-12))
            limit = s->scale * MAX_STEP * (1 + 1e-12);
        while (2 * s->step <= limit && (s->high - 1) / (2 * s->step) > (s->low - 1) / (2 * s->step))
            s->step *= 2;
    }
}

static void set_weights(const pk_plan *plan, pk_multi *multi)
{
    int32_t n = plan->n_weights;
    const float *w = plan->weights;
    /* Heavier ends would be multiplied by more than one, in the extreme beyond float32. */
    multi->running = n >= 5 && w[1] > 0 && w[0] <= w[1];
    for (int32_t i = 2; i < n - 1; i++)
        multi->running &= w[i] == w[1];
    multi->end_weight = multi->running ? w[0] / w[1] : 0;
}

static void set_sizes(const pk_plan *plan, pk_multi *multi)
{
    multi->k_low = plan->padded;
    for (int32_t i = 0; i < plan->n_used; i++) {
        const pk_multi_scale *m = &multi->scales[i];
        int32_t low = m->k_low * m->stride, high = (m->k_low + m->fft->n) * m->stride;
        multi->k_low = low < multi->k_low ? low : multi->k_low;
        multi->k_high = high > multi->k_high ? high : multi->k_high;
        if (m->fft->n > multi->most_bins)
            multi->most_bins = m->fft->n;
        if (m->samples > multi->most_samples)
            multi->most_samples = m->samples;
        if (m->mu_high - m->mu_low > multi->most_values)
            multi->most_values = m->mu_high - m->mu_low;
    }
    if (multi->k_high > plan->padded / 2 + 1)
        multi->k_high = plan->padded / 2 + 1;
}

int pk_multi_fits(const pk_plan *plan)
{
    return plan->family == PK_MORLET && plan->scales[0].scale >= MIN_SCALE && plan->n_counted > 0 &&
           plan->n_nodes == 0;
}

int pk_multi_init(pk_plan *plan)
{
    pk_multi *multi = plan->multi = calloc(1, sizeof *multi);
    if (!multi)
        return PK_NO_MEMORY;
    multi->scales = calloc((size_t)plan->n_used, sizeof *multi->scales);
    if (!multi->scales)
        return PK_NO_MEMORY;
    set_steps(plan);
    set_weights(plan, multi);
    pk_edge_kernel kernel;
    pk_edges_kernel(&kernel);
    multi->whole_band_rate = least_rate(plan, 1e3 * (plan->omega0 + BAND_END));
    int code = PK_OK;
    for (int32_t i = 0; i < plan->n_used && !code; i++) {
        pk_multi_scale *m = &multi->scales[i];
        double scale = plan->scales[i].scale;
        set_grid(plan, m, i);
        code = init_band(plan, multi, m, scale);
        if (!code)
            code = init_taps(plan, m, scale);
        if (!code)
            code = pk_edges_init(plan, m, scale, spacing(plan, m), &kernel);
    }
    if (!code)
        set_sizes(plan, multi);
    return code;
}

void pk_multi_free(pk_plan *plan)
{
    pk_multi *multi = plan->multi;
    if (!multi)
        return;
    for (int32_t i = 0; i < plan->n_used && multi->scales; i++) {
        pk_multi_scale *m = &multi->scales[i];
        free(m->psi);
        free(m->start);
        free(m->taps);
        free(m->edges);
        free(m->edge_taps);
    }
    for (int32_t i = 0; i < multi->n_ffts; i++)
        pk_fft_free(&multi->ffts[i]);
    free(multi->scales);
    free(multi);
}
