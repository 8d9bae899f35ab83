/* What the evaluated points of a scale stand for, and the nodes beside them. */
#include "pk_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 64 };

#define MOST_CELLS (INT64_C(1) << 40)

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

static size_t table_size(const pk_task *task)
{
    return (size_t)(task->own[1] - task->own[0]) * (size_t)task->n_nodes;
}

static int64_t pitch_of(const pk_task *task)
{
    return task->pitch ? task->pitch : (int64_t)(task->own[1] - task->own[0]) * task->bins;
}

const char *pk_nodes_fault(const pk_task *task)
{
    if (task->n_nodes < 0 || task->n_nodes > MOST_NODES || (task->n_nodes && !task->nodes))
        return "edge_nodes must be 0 to 64 in number";
    if (pitch_of(task) > MOST_CELLS ||
        pitch_of(task) < (int64_t)(task->own[1] - task->own[0]) * task->bins)
        return "pitch must have room for the scales counted, and be 2^40 cells at most";
    for (size_t i = 0; i < table_size(task); i++)
        if (task->nodes[i] < -1 || task->nodes[i] > (task->length - 1) / 2)
            return "edge_nodes must be -1 or a sample of the nearer half of the series";
    return NULL;
}

int pk_nodes_init(pk_plan *plan, const pk_task *task)
{
    size_t count = table_size(task);
    plan->n_nodes = task->n_nodes;
    plan->pitch = pitch_of(task);
    plan->nodes = malloc((count + 1) * sizeof *plan->nodes);
    if (!plan->nodes)
        return PK_NO_MEMORY;
    if (count)
        memcpy(plan->nodes, task->nodes, count * sizeof *plan->nodes);
    for (int32_t j = task->own[0]; j < task->own[1]; j++)
        plan->scales[j].nodes = plan->nodes + (size_t)(j - task->own[0]) * (size_t)task->n_nodes;
    return PK_OK;
}

int32_t pk_nodes_of(const pk_plan *plan, int32_t scale)
{
    int32_t count = 0;
    for (int32_t i = 0; i < plan->n_nodes; i++)
        count += plan->scales[scale].nodes[i] >= 0;
    return count;
}

int pk_nodes_alike(const pk_plan *plan, const pk_task *task)
{
    size_t count = table_size(task);
    return plan->n_nodes == task->n_nodes && plan->pitch == pitch_of(task) &&
           (!count || memcmp(plan->nodes, task->nodes, count * sizeof *task->nodes) == 0);
}
