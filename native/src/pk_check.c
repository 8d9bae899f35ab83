/* What a task may be. */
#include "pk_plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define MAX_LENGTH (INT64_C(1) << PK_STREAM_SHIFT)

int pk_fail(pk_error *error, int code, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        error->code = code;
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return code;
}

static int check_lists(const pk_task *task, pk_error *error)
{
    if (task->n_scales < 1 || !task->scales)
        return pk_fail(error, PK_INVALID, "scales must have at least one element");
    for (int j = 0; j < task->n_scales; j++) {
        double s = task->scales[j];
        if (!(s > 0) || !isfinite(s) || (j && s <= task->scales[j - 1]))
            return pk_fail(error, PK_INVALID,
                           "scales must be positive and increase: scales[%d] is %g", j, s);
        /* The scales of Morse are small: a period of two samples is 0.22 at beta = 1. */
        double least = task->family == PK_MORSE ? 0.1 : 0.5;
        if (s < least || s > 1e9)
            return pk_fail(error, PK_INVALID, "scales[%d] must be %g to 1e9 samples, not %g", j,
                           least, s);
    }
    if (task->n_weights < 1 || task->n_weights % 2 == 0 || !task->weights)
        return pk_fail(error, PK_INVALID, "scale_weights must be odd in number, not %d",
                       task->n_weights);
    double sum = 0;
    for (int i = 0; i < task->n_weights; i++) {
        double w = task->weights[i];
        if (!(w >= 0) || w != task->weights[task->n_weights - 1 - i])
            return pk_fail(error, PK_INVALID, "scale_weights must be non-negative and symmetric");
        sum += w;
    }
    if (!(fabs(sum - 1) <= 1e-9))
        return pk_fail(error, PK_INVALID, "scale_weights must sum to 1, not %.12g", sum);
    return PK_OK;
}

static int check_own(const pk_task *task, pk_error *error)
{
    const int64_t most = INT64_C(1) << 40;
    int32_t low = task->own[0], high = task->own[1];
    if (low < 0 || low > task->n_weights / 2 || high <= low || high > task->n_scales)
        return pk_fail(error, PK_INVALID, "own must be a span of the scales, at most half the "
                                          "weights from the first, not %d to %d", low, high);
    if (task->stream < 0 || task->stream >= PK_STREAMS)
        return pk_fail(error, PK_INVALID, "stream must be 0 to %d, not %d", PK_STREAMS - 1,
                       task->stream);
    if (!(task->edge >= 0 && task->edge <= 1e9))
        return pk_fail(error, PK_INVALID, "edge must be 0 to 1e9 scales, not %g", task->edge);
    for (int32_t j = 0; j < high - low; j++) {
        int64_t near = task->near ? task->near[j] : 1, beyond = task->beyond ? task->beyond[j] : 1;
        if (near < 0 || near > most || beyond < 0 || beyond > most)
            return pk_fail(error, PK_INVALID,
                           "near and beyond must be 0 to 2^40, not %lld and %lld",
                           (long long)near, (long long)beyond);
    }
    return PK_OK;
}

static int check_morse(const pk_task *task, pk_error *error)
{
    if (!(task->order >= 1 && task->order <= 200))
        return pk_fail(error, PK_INVALID, "order (beta) of Morse must be 1 to 200, not %g",
                       task->order);
    if (!(task->shape >= 1 && task->shape <= 10))
        return pk_fail(error, PK_INVALID, "shape (gamma) of Morse must be 1 to 10, not %g",
                       task->shape);
    if (!(task->cone > 0 && task->cone <= 1e3))
        return pk_fail(error, PK_INVALID, "cone of Morse must be a positive number of scales, "
                                       "not %g", task->cone);
    return PK_OK;
}

static int check_wavelet(const pk_task *task, pk_error *error)
{
    double order = task->order;
    if (task->family < PK_MORLET || task->family > PK_MORSE)
        return pk_fail(error, PK_INVALID, "family must be 0 to 3, not %d", task->family);
    if (task->family == PK_MORSE)
        return check_morse(task, error);
    if (task->family == PK_MORLET && !(order >= 2 && order <= 100))
        return pk_fail(error, PK_INVALID, "order of Morlet must be 2 to 100, not %g", order);
    if (task->family != PK_MORLET && !(order >= 1 && order <= 40 && order == floor(order)))
        return pk_fail(error, PK_INVALID, "order of Paul and DOG must be a whole number, 1 to 40, "
                                       "not %g", order);
    return PK_OK;
}

int pk_check(const pk_task *task, int32_t path, pk_error *error)
{
    int wrong = check_wavelet(task, error);
    if (wrong)
        return wrong;
    if (task->length < 16 || task->length > MAX_LENGTH)
        return pk_fail(error, PK_INVALID, "length must be 16 to %lld samples, not %lld",
                       (long long)MAX_LENGTH, (long long)task->length);
    for (int q = 0; q < 2; q++)
        if (!(fabs(task->ar1[q]) < 1))
            return pk_fail(error, PK_INVALID, "ar1[%d] must lie between -1 and 1, not %g", q,
                           task->ar1[q]);
    if (task->bins < 2 || task->bins > 65536)
        return pk_fail(error, PK_INVALID, "bins must be 2 to 65536, not %d", task->bins);
    if (path < PK_AUTO || path > PK_MULTIRATE)
        return pk_fail(error, PK_INVALID, "path must be 0 to 2, not %d", path);
    int code = check_lists(task, error);
    if (!code)
        code = check_own(task, error);
    const char *fault = code ? NULL : pk_nodes_fault(task);
    return fault ? pk_fail(error, PK_INVALID, "%s", fault) : code;
}
