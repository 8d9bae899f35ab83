/* Tables of the plain path: wavelets and smoothing windows, bin by bin. */
#include <math.h>
#include <stdlib.h>

#include "pk_math.h"
#include "pk_plan.h"
#include "pk_window.h"

/* Parts of a table below this, of a peak of one, can't be seen in float32. */
static const double NEGLIGIBLE = 1e-10;

static int init_wavelet(const pk_plan *plan, pk_plain_scale *out, double scale)
{
    int32_t n = plan->padded, half = n / 2;
    double unit = scale * (2 * PK_PI / n);
    int32_t low = plan->family == PK_DOG ? 1 - half : 1, high = half + 1;
    /* An odd derivative has no part at the lone Nyquist bin: it would be imaginary there. */
    if (plan->family == PK_DOG && plan->order % 2)
        high = half;
    while (low < high - 1 && fabs(pk_wavelet(plan, unit * low)) < NEGLIGIBLE)
        low++;
    while (high > low + 1 && fabs(pk_wavelet(plan, unit * (high - 1))) < NEGLIGIBLE)
        high--;
    out->k_low = low;
    out->k_high = high;
    out->psi = malloc((size_t)(high - low) * sizeof *out->psi);
    if (!out->psi)
        return PK_NO_MEMORY;
    for (int32_t k = low; k < high; k++)
        out->psi[k - low] = (float)pk_wavelet(plan, unit * k);
    return PK_OK;
}

static int init_window(const pk_plan *plan, const pk_window *window, pk_plain_scale *out,
                       double scale)
{
    int32_t n = plan->smooth_padded, count = n / 2 + 1;
    double unit = scale * (2 * PK_PI / n);
    while (count > 1 && fabs(pk_window_at(window, unit * (count - 1))) < NEGLIGIBLE)
        count--;
    out->n_window = count;
    out->window = malloc((size_t)count * sizeof *out->window);
    if (!out->window)
        return PK_NO_MEMORY;
    for (int32_t k = 0; k < count; k++)
        out->window[k] = (float)(pk_window_at(window, unit * k) / n);
    return PK_OK;
}

int pk_plain_init(pk_plan *plan)
{
    pk_window window;
    int code = pk_window_init(&window, plan);
    plan->plain = calloc((size_t)plan->n_used + 1, sizeof *plan->plain);
    if (!plan->plain)
        code = PK_NO_MEMORY;
    if (!code)
        code = pk_fft_init(&plan->smooth, plan->smooth_padded);
    for (int j = 0; j < plan->n_used && !code; j++) {
        pk_plain_scale *out = &plan->plain[j];
        code = init_wavelet(plan, out, plan->scales[j].scale);
        if (!code)
            code = init_window(plan, &window, out, plan->scales[j].scale);
    }
    pk_window_free(&window);
    return code;
}

void pk_plain_free(pk_plan *plan)
{
    if (!plan->plain)
        return;
    for (int j = 0; j < plan->n_used; j++) {
        free(plan->plain[j].psi);
        free(plan->plain[j].window);
    }
    free(plan->plain);
}
