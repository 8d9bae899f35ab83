/* The kernel without Python, for the sanitizers: every family, path, instruction set and odd
 * sizes; tables and workspaces are walked from end to end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pycwt_kernel.h"

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);               \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

enum { SCALES = 20, BINS = 30, COUNT = 19, NODES = 2, GAP = 7 };
enum { CELLS = (NODES + 1) * (SCALES * BINS + GAP) };

static const double WEIGHTS[5] = {0.125, 0.25, 0.25, 0.25, 0.125};

static pk_task task_of(int family, int64_t length, double *scales)
{
    double scale = 2;
    for (int j = 0; j < SCALES; j++, scale *= 1.189207115002721)
        scales[j] = scale;
    return (pk_task){.family = family,
                     .bins = BINS,
                     .order = family == PK_MORLET ? 6 : 3,
                     .length = length,
                     .ar1 = {0.4, -0.9},
                     .n_scales = SCALES,
                     .n_weights = 5,
                     .scales = scales,
                     .weights = WEIGHTS,
                     .shape = 2.5,
                     .cone = 3.3,
                     .own = {0, SCALES}};
}

/* Samples outside the cone of influence, all scales together. */
static int64_t outside(const pk_task *task)
{
    double factor = task->family == PK_MORSE  ? task->cone
                    : task->family == PK_PAUL ? 1 / sqrt(2.0)
                                              : sqrt(2.0);
    int64_t count = 0;
    for (int j = 0; j < SCALES; j++)
        for (int64_t t = 0; t < task->length; t++) {
            int64_t distance = t < task->length - 1 - t ? t : task->length - 1 - t;
            count += task->scales[j] * factor <= (double)distance;
        }
    return count;
}

/* Points at the nodes, all scales together. */
static int64_t at_nodes(const pk_task *task)
{
    int64_t count = 0;
    for (int i = 0; i < task->n_nodes * SCALES; i++)
        count += task->nodes[i] < 0 ? 0 : 2;
    return count;
}

/* Series of the caller's own, in one go and in two, with and without a space, are added to `hist`. */
static void exercise_given(const pk_plan *plan, const pk_task *task, int64_t *hist)
{
    int64_t length = task->length, total = 0, size = COUNT * length;
    int64_t before[CELLS], apart[CELLS] = {0};
    memcpy(before, hist, sizeof before);
    float *x = malloc((size_t)size * 2 * sizeof *x);
    uint32_t state = 1;
    for (int64_t i = 0; i < 2 * size; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) * 0x1p-24f;
    }
    const float *y = x + size;
    CHECK(pk_plan_run_given(plan, NULL, x, y, COUNT, hist, NULL, NULL) == PK_OK);
    pk_space *space;
    int64_t done = 0;
    CHECK(pk_space_create(plan, &space) == PK_OK);
    CHECK(pk_plan_run_given(plan, space, x, y, 3, apart, NULL, &done) == PK_OK);
    CHECK(done == 3);
    CHECK(pk_plan_run_given(plan, space, x + 3 * length, y + 3 * length, COUNT - 3, apart, NULL,
                            NULL) == PK_OK);
    CHECK(pk_plan_run_given(plan, space, NULL, y, 1, apart, NULL, NULL) == PK_INVALID);
    pk_space_free(space);
    for (int i = 0; i < CELLS; i++) {
        CHECK(hist[i] - before[i] == apart[i]);
        total += apart[i];
    }
    CHECK(total == (outside(task) + at_nodes(task)) * COUNT);
    free(x);
}

/* Everything that a plan does; returns its histogram in `hist`. */
static void exercise(const pk_plan *plan, const pk_task *task, int64_t *hist)
{
    int64_t points = pk_plan_points(plan), length = task->length, total = 0, done = 0;
    memset(hist, 0, CELLS * sizeof *hist);
    CHECK(pk_plan_run(plan, NULL, 5, 3, COUNT - 2, hist, NULL, NULL) == PK_OK);
    pk_space *space;
    CHECK(pk_space_create(plan, &space) == PK_OK);
    CHECK(pk_plan_run(plan, space, 5, 3 + COUNT - 2, 2, hist, NULL, &done) == PK_OK);
    CHECK(done == 2);
    pk_space_free(space);
    for (int i = 0; i < SCALES * BINS; i++)
        total += hist[i];
    CHECK(total == outside(task) * COUNT);
    for (int i = SCALES * BINS; i < CELLS; i++)
        total += hist[i];
    CHECK(total == (outside(task) + at_nodes(task)) * COUNT);
    CHECK(points >= at_nodes(task));
    float *r2 = malloc((size_t)(points + 1) * sizeof *r2);
    int32_t *scale = malloc((size_t)(points + 1) * sizeof *scale);
    int32_t *time = malloc((size_t)(points + 1) * sizeof *time);
    CHECK(pk_plan_coherence(plan, 5, 3, r2, scale, time) == PK_OK);
    for (int64_t i = 0; i < points; i++) {
        CHECK(r2[i] >= 0 && r2[i] <= 1);
        CHECK(time[i] >= 0 && time[i] < length);
    }
    float *x = malloc((size_t)length * 2 * sizeof *x);
    CHECK(pk_plan_series(plan, 5, 3, x, x + length) == PK_OK);
    free(x);
    exercise_given(plan, task, hist);
    free(time);
    free(scale);
    free(r2);
}

static void same_on_every_isa(const pk_task *task, int path)
{
    int64_t expected[CELLS], hist[CELLS];
    for (int number = 0; pk_isa_name(number); number++) {
        if (!pk_isa_supported(number))
            continue;
        pk_plan *plan;
        pk_error error;
        CHECK(pk_plan_create(task, path, pk_isa_name(number), &plan, &error) == PK_OK);
        exercise(plan, task, number ? hist : expected);
        CHECK(number == 0 || memcmp(hist, expected, sizeof hist) == 0);
        pk_plan_free(plan);
    }
}

/* The ends of the first scale, the middle of the last; -1 for what isn't there. Blocks that lie
 * apart are left alone between. */
static void with_nodes(pk_task task)
{
    int32_t nodes[SCALES * NODES];
    for (int i = 0; i < SCALES * NODES; i++)
        nodes[i] = i % 5 == 4 ? -1 : (int32_t)((task.length - 1) / 2 * i / (SCALES * NODES - 1));
    task.n_nodes = NODES;
    task.nodes = nodes;
    same_on_every_isa(&task, PK_AUTO);
    task.pitch = SCALES * BINS + GAP;
    same_on_every_isa(&task, PK_PLAIN);
    pk_plan *plan, *like;
    pk_error error;
    CHECK(pk_plan_create(&task, PK_MULTIRATE, NULL, &plan, &error) == PK_UNSUPPORTED);
    CHECK(pk_plan_create(&task, PK_AUTO, NULL, &plan, &error) == PK_OK);
    CHECK(pk_plan_path(plan) == PK_PLAIN);
    task.ar1[0] = 0.1;
    CHECK(pk_plan_like(plan, &task, &like, &error) == PK_OK);
    int64_t hist[CELLS];
    exercise(like, &task, hist);
    for (int i = 0; i < NODES; i++)
        for (int gap = SCALES * BINS; gap < task.pitch; gap++)
            CHECK(hist[i * task.pitch + gap] == 0);
    pk_plan_free(like);
    nodes[0] = 1;
    CHECK(pk_plan_like(plan, &task, &like, &error) == PK_INVALID);
    pk_plan_free(plan);
    nodes[0] = (int32_t)(task.length - 1) / 2 + 1;
    CHECK(pk_plan_create(&task, PK_AUTO, NULL, &plan, &error) == PK_INVALID);
    CHECK(strncmp(error.text, "edge_nodes", 10) == 0);
    nodes[0] = 0;
    task.pitch = SCALES * BINS - 1;
    CHECK(pk_plan_create(&task, PK_AUTO, NULL, &plan, &error) == PK_INVALID);
    CHECK(strncmp(error.text, "pitch", 5) == 0);
}

static void cancelled_before_it_starts(const pk_task *task)
{
    pk_plan *plan;
    pk_error error;
    const int32_t cancel = 1;
    int64_t hist[CELLS] = {0};
    CHECK(pk_plan_create(task, PK_AUTO, NULL, &plan, &error) == PK_OK);
    CHECK(pk_plan_run(plan, NULL, 1, 0, 1000000, hist, &cancel, NULL) == PK_CANCELLED);
    CHECK(pk_plan_run(plan, NULL, 1, UINT64_C(1) << 32, 1, hist, NULL, NULL) == PK_INVALID);
    pk_plan_free(plan);
}

/* So many cells lie between the histograms of two parts, which nobody may count in. */
enum { THREADS = 4, SHARED = 203, APART = 13, SHARED_CELLS = 2 * SCALES * BINS + APART };

static void two_parts(const pk_plan *plan, uint64_t first, const uint64_t *counts, pk_part *parts)
{
    for (int i = 0; i < 2; i++)
        parts[i] = (pk_part){plan, i * (SCALES * BINS + APART), first, first + counts[i],
                             pk_plan_lanes(plan), pk_plan_fewest(plan), pk_plan_workspace(plan),
                             0};
}

/* Let a team run to its end, with the caller's help or without. */
static int run_by(pk_team *team, int helped)
{
    if (helped)
        while (pk_team_help(team) == PK_MORE)
            ;
    int code;
    while ((code = pk_team_wait(team, 0.001)) == PK_MORE)
        ;
    CHECK(pk_team_help(team) == PK_INVALID);
    return code;
}

/* A team counts what single calls count, run after run: of few realisations, which one thread takes
 * as a whole, and of many. */
static void team(const pk_plan *plan)
{
    pk_team *team;
    static int64_t wanted[SHARED_CELLS], hist[SHARED_CELLS];
    pk_part parts[2];
    int64_t bytes = pk_plan_workspace(plan);
    CHECK(pk_team_create(plan, SHARED_CELLS, THREADS, &team) == PK_OK);
    for (int run = 0; run < 8; run++) {
        const uint64_t counts[2] = {run & 1 ? SHARED : 3, SHARED};
        int threads = run & 4 ? THREADS : 1, helped = run & 2;
        memset(wanted, 0, sizeof wanted);
        memset(hist, 0, sizeof hist);
        two_parts(plan, 7, counts, parts);
        for (int i = 0; i < 2; i++)
            CHECK(pk_plan_run(plan, NULL, 5, 7, counts[i], wanted + parts[i].cell, NULL, NULL) ==
                  PK_OK);
        CHECK(pk_team_start(team, parts, 2, threads, helped ? bytes : 0, 5, hist) == PK_OK);
        CHECK(run_by(team, helped) == PK_OK);
        CHECK(pk_team_done(team) == (int64_t)(counts[0] + counts[1]));
        CHECK(memcmp(hist, wanted, sizeof hist) == 0);
        if (threads > 1)
            CHECK(parts[0].cut == (counts[0] == SHARED) && parts[1].cut == 1);
        pk_team_stop(team);
        CHECK(pk_team_wait(team, 0) == PK_OK);
    }
    CHECK(pk_team_start(team, parts, 2, THREADS + 1, 0, 5, hist) == PK_INVALID);
    CHECK(pk_team_start(team, parts, 2, 0, 0, 5, hist) == PK_INVALID);
    CHECK(pk_team_start(team, parts, 65, 1, 0, 5, hist) == PK_INVALID);
    pk_team_free(team);
    CHECK(pk_team_create(plan, 0, 2, &team) == PK_INVALID && !team);
    CHECK(pk_team_create(plan, INT64_MAX, 2, &team) == PK_INVALID && !team);
}

/* Hours of work, which are stopped, or found to be more than can be computed. */
static void stopped_team(const pk_plan *plan)
{
    enum { ENDS = 4 };
    pk_team *team;
    static int64_t hist[SHARED_CELLS];
    pk_part parts[2];
    const uint64_t many[2] = {UINT64_C(1) << 31, UINT64_C(1) << 31};
    for (int run = 0; run < 4 * ENDS; run++) {
        int threads = run & 1 ? THREADS : 1, ended = run / 4;
        int64_t bytes = run & 2 ? pk_plan_workspace(plan) : 0;
        CHECK(pk_team_create(plan, SHARED_CELLS, THREADS, &team) == PK_OK);
        two_parts(plan, 0, many, parts);
        if (ended == 0) {
            parts[0].at = UINT64_C(1) << 33;
            parts[0].end = parts[0].at + 5;
        }
        CHECK(pk_team_start(team, parts, 2, threads, bytes, 5, hist) == PK_OK);
        if (ended == 0) {
            /* One finds out; it is that which is told, and not that the others were stopped. */
            CHECK(run_by(team, run & 2) == PK_INVALID);
        } else {
            CHECK(pk_team_start(team, parts, 2, threads, bytes, 5, hist) == PK_INVALID);
            CHECK(ended == 1 || !bytes || pk_team_help(team) == PK_MORE);
            CHECK(ended == 1 || pk_team_wait(team, 1e-4) == PK_MORE);
        }
        if (ended < ENDS - 1) {
            pk_team_stop(team);
            CHECK(pk_team_wait(team, 0) == (ended ? PK_CANCELLED : PK_INVALID));
            CHECK(pk_team_start(team, parts, 2, 1, 0, 5, hist) == PK_INVALID);
        }
        pk_team_free(team);
    }
}

static void teams(const pk_task *task)
{
    pk_plan *plan;
    pk_error error;
    CHECK(pk_plan_create(task, PK_AUTO, NULL, &plan, &error) == PK_OK);
    team(plan);
    stopped_team(plan);
    pk_plan_free(plan);
}

/* The block of the last bins is shorter than the others. */
static void levels(void)
{
    enum { MANY = 1003 };
    int64_t counts[MANY] = {0};
    double reals[MANY] = {0}, level[3], error[3];
    counts[1001] = 3;
    reals[1001] = 0.3;
    /* One of one: the whole bin lies within an error of the half. */
    CHECK(pk_levels(counts, NULL, 1, MANY, 0.5, (double[]){1}, level, error) == PK_OK);
    CHECK(level[0] == 1001.5 / MANY && error[0] == (1002.0 / MANY - 0.0) / 2);
    CHECK(pk_levels(NULL, reals, 1, MANY, 0.5, (double[]){4}, level, error) == PK_OK);
    CHECK(level[0] == 1001.5 / MANY && fabs(error[0] - 0.25 / MANY) < 1e-15);
    CHECK(pk_levels(counts, NULL, 3, 1, 0.5, NULL, level, error) == PK_OK);
    CHECK(isnan(level[0]) && isnan(error[2]));
    counts[1002] = -1;
    CHECK(pk_levels(counts, NULL, 1, MANY, 0.5, NULL, level, error) == PK_INVALID);
    reals[5] = -1e-9;
    CHECK(pk_levels(NULL, reals, 1, MANY, 0.5, NULL, level, error) == PK_INVALID);
    CHECK(pk_levels(NULL, NULL, 1, MANY, 0.5, NULL, level, error) == PK_INVALID);
    CHECK(pk_levels(counts, NULL, 1, 0, 0.5, NULL, level, error) == PK_INVALID);
    CHECK(pk_levels(counts, NULL, 1, MANY, 1.0, NULL, level, error) == PK_INVALID);
}

int main(void)
{
    levels();
    static const int64_t LENGTHS[] = {16, 17, 63, 64, 65, 200, 256, 363};
    double scales[SCALES];
    for (int family = PK_MORLET; family <= PK_MORSE; family++)
        for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
            pk_task task = task_of(family, LENGTHS[i], scales);
            same_on_every_isa(&task, PK_PLAIN);
            same_on_every_isa(&task, PK_AUTO);
            cancelled_before_it_starts(&task);
            if (i % 4 == 1)
                teams(&task);
            with_nodes(task);
        }
    pk_plan *plan;
    pk_error error;
    pk_task task = task_of(PK_MORLET, 15, scales);
    CHECK(pk_plan_create(&task, PK_AUTO, NULL, &plan, &error) == PK_INVALID);
    CHECK(plan == NULL && strncmp(error.text, "length", 6) == 0);
    task = task_of(PK_MORSE, 200, scales);
    task.shape = 0.5;
    CHECK(pk_plan_create(&task, PK_AUTO, NULL, &plan, &error) == PK_INVALID);
    CHECK(plan == NULL && strncmp(error.text, "shape", 5) == 0);
    task.shape = 2.5;
    task.cone = NAN;
    CHECK(pk_plan_create(&task, PK_AUTO, NULL, &plan, &error) == PK_INVALID);
    CHECK(plan == NULL && strncmp(error.text, "cone", 4) == 0);
    return 0;
}
