/* What the evaluated points of a scale stand for. */
#include "pk_plan.h"

#include <math.h>

/* An evaluated point counts for `step` samples, those at the ends for what is left up to the
 * cone: by the trapezoidal rule, with the terms of first order of the Euler-Maclaurin formula,
 * for a line through the two outermost points. `gap` samples lie beyond the outermost one. */
static int32_t end_excess(int32_t gap, int32_t step)
{
    double reach = gap + 0.5, h = step;
    return (int32_t)floor((6 * reach * reach - h * h) / (12 * h) + 0.5);
}

void pk_scale_points(pk_scale *s)
{
    int32_t before = (s->low - 1) / s->step, step = s->step;
    s->first = (before + 1) * step;
    s->points = (s->high - 1) / step - before;
    int32_t last = s->first + (s->points - 1) * step;
    int32_t low_gap = s->first - s->low, high_gap = s->high - 1 - last;
    if (s->points < 4) {
        /* Each for the samples closest to it. */
        for (int32_t i = 0; i < 4; i++)
            s->ends[i] = step;
        s->ends[0] = (s->points > 1 ? (step + 1) / 2 : high_gap + 1) + low_gap;
        if (s->points > 1)
            s->ends[s->points == 2 ? 1 : 3] = step / 2 + high_gap + 1;
        return;
    }
    int32_t low = end_excess(low_gap, step), high = end_excess(high_gap, step);
    s->ends[0] = (step + 1) / 2 + low_gap + low;
    s->ends[1] = step - low;
    s->ends[2] = step - high;
    s->ends[3] = step / 2 + 1 + high_gap + high;
}
