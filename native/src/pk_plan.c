#include "pk_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pk_math.h"

/* Bytes of workspace above which a plan is refused: each thread has one. */
static const size_t WORKSPACE_LIMIT = (size_t)1 << 34;

/* Torrence & Compo (1998) pad to the next power of two but one where that is closer:
 * 2^(floor(log2 N + 0.4999) + 1). */
static int32_t padded_length(int32_t length)
{
    int32_t n = 16;
    while (n <= length)
        n *= 2;
    /* n / 2 <= length < n; one more where log2(2 length / n) + 0.4999 >= 1. */
    return 2.0 * length / n >= 1.4143115953735215 ? 2 * n : n;
}

/* Frequency, times scale, beyond which the wavelet has nothing to speak of. */
static double band_end(const pk_plan *plan)
{
    if (plan->family != PK_MORSE)
        return plan->omega0 + 12;
    /* beta / gamma (z + 1 - exp z) is below -12 there. */
    double drop = 12 * plan->shape / plan->omega0;
    return plan->peak * pk_exp((sqrt(2 * drop) < 1 ? sqrt(2 * drop) : pk_log(1 + 3 * drop) + 0.5) /
                               plan->shape);
}

/* Powers of two that bring |W|^2 to the order of one, from the theoretical spectrum at a few
 * hundred bins. */
static void set_balance(const pk_plan *plan, pk_scale *scale)
{
    int64_t n = plan->padded, half = n / 2;
    double unit = 2 * PK_PI / (double)n, reach = band_end(plan) / scale->scale / unit;
    int64_t top = reach < (double)half ? (int64_t)reach + 1 : half, stride = top / 256 + 1;
    double power[2] = {0, 0};
    for (int64_t k = 1; k <= top; k += stride) {
        double psi = pk_wavelet(plan, scale->scale * unit * (double)k);
        for (int q = 0; q < 2; q++)
            power[q] += psi * psi * pk_spectrum(plan, q, k, n) * (double)stride;
    }
    int exponent[2];
    for (int q = 0; q < 2; q++) {
        /* Twice the transforms of the series are used, see split() of the kernel. */
        double expected = 4 * (double)plan->length * power[q] + 1e-20;
        frexp(expected, &exponent[q]);
    }
    scale->balance[0] = (float)ldexp(1, -exponent[0]);
    scale->balance[1] = (float)ldexp(1, -exponent[1]);
    scale->balance[2] = (float)ldexp(1, -(exponent[0] + exponent[1]) / 2);
}

static void set_balances(pk_plan *plan)
{
    for (int j = 0; j < plan->n_used; j++)
        set_balance(plan, &plan->scales[j]);
}

/* Counted samples: scale * factor <= min(t, N - 1 - t). */
static void set_counted(const pk_plan *plan, pk_scale *scale)
{
    double reach = ceil(scale->scale * plan->cone), last = plan->length - 1;
    scale->step = 1;
    if (2 * reach > last)
        return; /* low = high = 0 */
    scale->low = (int32_t)reach;
    scale->high = (int32_t)(last - reach) + 1;
}

/* Zones of the counted samples: beyond the edges lies edge * scale <= min(t, N - 1 - t). */
static void set_zones(const pk_plan *plan, const pk_task *task, int32_t j)
{
    pk_scale *scale = &plan->scales[j];
    double reach = ceil(scale->scale * task->edge);
    scale->near = task->near ? task->near[j - plan->own] : 1;
    scale->more = (task->beyond ? task->beyond[j - plan->own] : 1) - scale->near;
    if (2 * reach <= plan->length - 1) {
        scale->in_low = (int32_t)reach;
        scale->in_high = plan->length - (int32_t)reach;
    }
    if (scale->in_low < scale->low)
        scale->in_low = scale->low;
    if (scale->in_high > scale->high)
        scale->in_high = scale->high;
}

/* The random numbers, and what becomes of them. */
static void set_noise(pk_plan *plan, const pk_task *task)
{
    plan->stream = (uint32_t)task->stream << PK_STREAM_SHIFT;
    for (int q = 0; q < 2; q++) {
        plan->ar1[q] = task->ar1[q];
        plan->sign[q] = task->ar1[q] < 0 ? -1 : 1;
        plan->loss[q] = (float)(1 - fabs(task->ar1[q]));
        plan->gain[q] = (float)sqrt(1 - task->ar1[q] * task->ar1[q]);
    }
}

static int init_scales(pk_plan *plan, const pk_task *task)
{
    plan->scales = calloc((size_t)task->n_scales, sizeof *plan->scales);
    plan->weights = malloc((size_t)task->n_weights * sizeof *plan->weights);
    if (!plan->scales || !plan->weights || pk_nodes_init(plan, task))
        return PK_NO_MEMORY;
    for (int i = 0; i < task->n_weights; i++)
        plan->weights[i] = (float)task->weights[i];
    for (int j = 0; j < task->n_scales; j++) {
        pk_scale *scale = &plan->scales[j];
        scale->scale = task->scales[j];
        if (j < task->own[0] || j >= task->own[1])
            continue;
        set_counted(plan, scale);
        set_zones(plan, task, j);
        if (scale->high > scale->low || pk_nodes_of(plan, j))
            plan->n_counted = j + 1;
    }
    plan->n_used = plan->n_counted ? plan->n_counted + task->n_weights / 2 : 0;
    if (plan->n_used > task->n_scales)
        plan->n_used = task->n_scales;
    return PK_OK;
}

/* Where the whole band lies beyond the Nyquist frequency there is nothing to compute: what would
 * come out is rounding. */
static int check_band(const pk_plan *plan, pk_error *error)
{
    double x = plan->scales[0].scale * PK_PI;
    if (x >= plan->peak || pk_wavelet(plan, x) >= 1e-4)
        return PK_OK;
    return pk_fail(error, PK_INVALID, "scales[0] is too small, %g samples: with an order of %g its "
                                   "band lies beyond the Nyquist frequency",
                plan->scales[0].scale, plan->omega0);
}

/* What follows from the wavelet alone. */
static void set_family(pk_plan *plan, const pk_task *task)
{
    plan->cone = sqrt(2.0);
    plan->peak = task->order;
    if (task->family == PK_PAUL)
        plan->cone = 1 / sqrt(2.0);
    if (task->family == PK_DOG)
        plan->peak = sqrt(task->order);
    if (task->family == PK_MORSE) {
        plan->shape = task->shape;
        plan->cone = task->cone;
        plan->peak = pk_exp(pk_log(task->order / task->shape) / task->shape);
    }
}

static int build(pk_plan *plan, const pk_task *task, const pk_isa *isa, pk_error *error)
{
    plan->family = task->family;
    plan->bins = task->bins;
    plan->omega0 = task->order;
    plan->order = (int32_t)task->order;
    set_family(plan, task);
    plan->length = (int32_t)task->length;
    plan->n_scales = task->n_scales;
    plan->n_weights = task->n_weights;
    plan->own = task->own[0];
    plan->own_end = task->own[1];
    set_noise(plan, task);
    plan->padded = padded_length(plan->length);
    plan->smooth_padded = 16;
    while (plan->smooth_padded < plan->length)
        plan->smooth_padded *= 2;
    int code = init_scales(plan, task);
    if (!code)
        code = check_band(plan, error);
    if (code)
        return code;
    /* Two spectra and as much again, in the fewest lanes: before the tables, which would take
     * as long as there is memory. */
    if ((size_t)plan->padded >= WORKSPACE_LIMIT / (4 * 8 * 4))
        return PK_NO_MEMORY;
    int fast = plan->path != PK_PLAIN && pk_multi_fits(plan);
    if (plan->path == PK_MULTIRATE && !fast)
        return PK_UNSUPPORTED;
    plan->path = fast ? PK_MULTIRATE : PK_PLAIN;
    if (fast)
        code = pk_multi_init(plan);
    if (!code)
        plan->isa = isa ? isa : pk_isa_fitting(plan);
    if (!code && plan->isa->workspace(plan) > WORKSPACE_LIMIT)
        code = PK_NO_MEMORY;
    if (!code)
        code = pk_fft_init(&plan->forward, plan->padded);
    if (!code && !fast)
        code = pk_plain_init(plan);
    if (!fast)
        set_balances(plan);
    for (int j = plan->own; j < plan->n_counted; j++) {
        pk_scale_points(&plan->scales[j]);
        plan->points += plan->scales[j].points + 2 * pk_nodes_of(plan, j);
    }
    return code;
}

int pk_plan_create(const pk_task *task, int32_t path, const char *isa, pk_plan **out,
                   pk_error *error)
{
    *out = NULL;
    int code = pk_check(task, path, error);
    if (code)
        return code;
    const pk_isa *chosen = isa ? pk_isa_find(isa) : NULL;
    if (isa && !chosen)
        return pk_fail(error, PK_UNSUPPORTED, "isa %.32s isn't one that this processor runs", isa);
    pk_plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return pk_fail(error, PK_NO_MEMORY, "no memory for a plan");
    plan->path = path;
    code = build(plan, task, chosen, error);
    if (code) {
        pk_plan_free(plan);
        if (code == PK_INVALID)
            return code;
        if (code == PK_UNSUPPORTED)
            return pk_fail(error, code, "path multirate is for Morlet and scales of 1.6 samples or "
                                        "more, some of them with points outside the cone, and no "
                                        "edge_nodes");
        return pk_fail(error, code, "no memory for a length of %lld with %d scales",
                       (long long)task->length, task->n_scales);
    }
    *out = plan;
    return PK_OK;
}

/* What a plan can't be like another's in. */
static int alike(const pk_plan *model, const pk_task *task)
{
    int same = model->family == task->family && model->bins == task->bins &&
               model->omega0 == task->order &&
               (task->family != PK_MORSE ||
                (model->shape == task->shape && model->cone == task->cone)) &&
               model->length == task->length &&
               model->n_scales == task->n_scales && model->n_weights == task->n_weights &&
               model->own == task->own[0] && model->own_end == task->own[1] &&
               pk_nodes_alike(model, task);
    for (int j = 0; j < task->n_scales && same; j++)
        same = model->scales[j].scale == task->scales[j];
    for (int i = 0; i < task->n_weights && same; i++)
        same = model->weights[i] == (float)task->weights[i];
    return same;
}

int pk_plan_like(const pk_plan *model, const pk_task *task, pk_plan **out, pk_error *error)
{
    *out = NULL;
    int code = pk_check(task, PK_AUTO, error);
    if (code)
        return code;
    if (!alike(model, task))
        return pk_fail(error, PK_INVALID, "the task differs from the model's in its tables");
    size_t bytes = (size_t)model->n_scales * sizeof *model->scales;
    pk_plan *plan = malloc(sizeof *plan);
    pk_scale *scales = malloc(bytes);
    if (!plan || !scales) {
        free(plan);
        free(scales);
        return pk_fail(error, PK_NO_MEMORY, "no memory for a plan");
    }
    *plan = *model;
    plan->borrowed = 1;
    plan->scales = memcpy(scales, model->scales, bytes);
    set_noise(plan, task);
    for (int32_t j = plan->own; j < plan->own_end; j++)
        set_zones(plan, task, j);
    if (plan->path == PK_PLAIN)
        set_balances(plan);
    *out = plan;
    return PK_OK;
}

void pk_plan_free(pk_plan *plan)
{
    if (!plan)
        return;
    if (!plan->borrowed) {
        pk_plain_free(plan);
        pk_multi_free(plan);
        pk_fft_free(&plan->forward);
        pk_fft_free(&plan->smooth);
        free(plan->weights);
        free(plan->nodes);
    }
    free(plan->scales);
    free(plan);
}
