/* Any bytes as a task of the kernel: what is accepted must run on every instruction set, count
 * what lies outside the cone, and give R2 in [0, 1]; what is refused must be told by name.
 * For libFuzzer, or with fuzz_main.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pycwt_kernel.h"

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);               \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

enum { MOST_SCALES = 12, MOST_WEIGHTS = 15, MOST_BINS = 64, MOST_COUNT = 20, MOST_NODES = 3 };
static const int64_t MOST_LENGTH = 160;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    const uint8_t *data;
    size_t left;
} input;

/* Little-endian; zeros past the end. */
static uint64_t take(input *in, int bytes)
{
    uint64_t word = 0;
    for (int i = 0; i < bytes && in->left; i++, in->left--)
        word |= (uint64_t)*in->data++ << (8 * i);
    return word;
}

static int64_t between(input *in, int64_t low, int64_t high)
{
    return low + (int64_t)(take(in, 4) % (uint64_t)(high - low + 1));
}

/* Any bits at all, one time in sixteen. */
static int wild(input *in)
{
    return take(in, 1) % 16 == 0;
}

static double any_double(input *in)
{
    uint64_t bits = take(in, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef struct {
    pk_task task;
    int32_t path;
    const char *isa;
    uint64_t seed, first, count;
    double scales[MOST_SCALES], weights[MOST_WEIGHTS];
    int32_t nodes[MOST_SCALES * MOST_NODES];
} trial;

static void take_scales(input *in, trial *t)
{
    double scale = wild(in) ? any_double(in) : 0.5 + (double)between(in, 0, 400) / 50;
    double ratio = 1 + (double)between(in, 1, 1000) / (wild(in) ? 1 : 1000);
    t->task.n_scales = wild(in) ? (int32_t)between(in, -1, 0) : (int32_t)between(in, 1, MOST_SCALES);
    for (int j = 0; j < t->task.n_scales; j++, scale *= ratio)
        t->scales[j] = scale;
    if (wild(in))
        t->scales[between(in, 0, MOST_SCALES - 1)] = any_double(in);
    t->task.scales = wild(in) ? NULL : t->scales;
}

static void take_weights(input *in, trial *t)
{
    int n = (int)between(in, 0, MOST_WEIGHTS / 2) * 2 + 1, boxcar = take(in, 1) & 1;
    double sum = 0, inner = 1 + (double)take(in, 2);
    for (int i = 0; i <= n / 2; i++) {
        double weight = boxcar && i ? inner : (double)take(in, 2);
        if (wild(in))
            weight *= ldexp(1, (int)between(in, -1000, 30));
        t->weights[i] = t->weights[n - 1 - i] = weight;
    }
    for (int i = 0; i < n; i++)
        sum += t->weights[i];
    for (int i = 0; i < n; i++)
        t->weights[i] /= sum;
    if (wild(in))
        t->weights[between(in, 0, MOST_WEIGHTS - 1)] = any_double(in);
    t->task.n_weights = wild(in) ? (int32_t)between(in, -2, n) : n;
    t->task.weights = wild(in) ? NULL : t->weights;
}

static void take_nodes(input *in, trial *t)
{
    int64_t last = t->task.length >= 16 && t->task.length <= MOST_LENGTH ? t->task.length - 1 : 16;
    t->task.n_nodes = (int32_t)(take(in, 1) % 4 ? 0 : between(in, -1, MOST_NODES));
    for (int i = 0; i < MOST_SCALES * MOST_NODES && t->task.n_nodes > 0; i++)
        t->nodes[i] = wild(in) ? (int32_t)take(in, 4) : (int32_t)between(in, -1, last / 2);
    t->task.nodes = wild(in) ? NULL : t->nodes;
    t->task.pitch = wild(in) ? (int64_t)take(in, 4) - 1 : 0;
    if (t->task.pitch > MOST_SCALES * MOST_BINS)
        t->task.pitch = MOST_SCALES * MOST_BINS;
}

static void take_trial(input *in, trial *t)
{
    static const char *const ISAS[] = {NULL, "sse2", "avx2", "avx512", "generic", "", "%s%n"};
    memset(t, 0, sizeof *t);
    /* The tables of DOG and Paul take as long as a hundred runs of Morlet. */
    t->task.family = (int32_t)(wild(in) ? between(in, -1, 4) : PK_MORLET);
    t->task.shape = wild(in) ? any_double(in) : (double)between(in, 1, 10);
    t->task.cone = wild(in) ? any_double(in) : (double)between(in, 1, 9);
    t->task.bins = (int32_t)(wild(in) ? take(in, 4) : (uint64_t)between(in, 2, MOST_BINS));
    if (t->task.bins > MOST_BINS && t->task.bins <= 65536)
        t->task.bins = MOST_BINS;
    t->task.order = wild(in) ? any_double(in) : (double)between(in, 1, 40);
    t->task.length = wild(in) ? (int64_t)take(in, 8) : between(in, 16, MOST_LENGTH);
    if (t->task.length > MOST_LENGTH && t->task.length <= INT64_C(1) << 26)
        t->task.length = MOST_LENGTH;
    for (int q = 0; q < 2; q++)
        t->task.ar1[q] = wild(in) ? any_double(in) : (double)between(in, -999, 999) / 1000;
    take_scales(in, t);
    take_weights(in, t);
    t->path = (int32_t)(wild(in) ? take(in, 4) : (uint64_t)between(in, PK_AUTO, PK_MULTIRATE));
    t->isa = ISAS[wild(in) ? between(in, 0, 6) : between(in, 0, 3)];
    t->seed = take(in, 8);
    t->first = wild(in) ? take(in, 8) : take(in, 4);
    t->task.stream = wild(in) ? (int32_t)between(in, -1, 64) : 0;
    t->task.own[0] = 0;
    t->task.own[1] = t->task.n_scales;
    t->task.edge = 0;
    t->task.near = t->task.beyond = NULL;
    take_nodes(in, t);
    t->count = wild(in) ? UINT64_MAX - take(in, 2) : (uint64_t)between(in, 0, MOST_COUNT);
}

static int names_a_field(const char *text)
{
    static const char *const FIELDS[] = {"family", "order",        "length", "ar1", "bins",
                                         "scales", "scale_weights", "path",   "isa",
                                         "own",    "stream",       "shape",  "cone",
                                         "nodes",  "pitch"};
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++)
        if (strstr(text, FIELDS[i]))
            return 1;
    return 0;
}

/* Samples outside the cone of influence at one scale. */
static int64_t outside(const pk_task *task, double scale)
{
    double cone = task->family == PK_PAUL ? 1 / sqrt(2.0) : sqrt(2.0);
    double reach = scale * (task->family == PK_MORSE ? task->cone : cone);
    int64_t count = 0;
    for (int64_t t = 0; t < task->length; t++)
        count += reach <= (double)(t < task->length - 1 - t ? t : task->length - 1 - t);
    return count;
}

static size_t pitch_of(const trial *t)
{
    return (size_t)(t->task.pitch ? t->task.pitch : t->task.n_scales * t->task.bins);
}

static size_t cells_of(const trial *t)
{
    return (size_t)(1 + t->task.n_nodes) * pitch_of(t);
}

static int64_t *run(const pk_plan *plan, const trial *t, int in_parts)
{
    int64_t *hist = calloc(cells_of(t), sizeof *hist);
    CHECK(hist);
    uint64_t half = in_parts ? t->count / 3 : 0;
    pk_space *space;
    CHECK(pk_space_create(plan, &space) == PK_OK);
    CHECK(pk_plan_run(plan, space, t->seed, t->first, half, hist, NULL, NULL) == PK_OK);
    CHECK(pk_plan_run(plan, space, t->seed, t->first + half, t->count - half, hist, NULL, NULL) ==
          PK_OK);
    pk_space_free(space);
    return hist;
}

static int64_t sum_of(const trial *t, const int64_t *row)
{
    int64_t sum = 0;
    for (int32_t b = 0; b < t->task.bins; b++) {
        CHECK(row[b] >= 0);
        sum += row[b];
    }
    return sum;
}

static void check_histogram(const trial *t, const int64_t *hist)
{
    int64_t count = (int64_t)t->count;
    for (int32_t j = 0; j < t->task.n_scales; j++) {
        const int64_t *row = hist + (int64_t)j * t->task.bins;
        CHECK(sum_of(t, row) == outside(&t->task, t->task.scales[j]) * count);
        for (int32_t i = 0; i < t->task.n_nodes; i++) {
            row += pitch_of(t);
            CHECK(sum_of(t, row) == (t->nodes[j * t->task.n_nodes + i] < 0 ? 0 : 2 * count));
        }
    }
}

static void check_values(const pk_plan *plan, const trial *t)
{
    size_t points = (size_t)pk_plan_points(plan), length = (size_t)t->task.length;
    float *r2 = malloc((points + 1) * sizeof *r2), *x = malloc(2 * length * sizeof *x);
    int32_t *scale = malloc((points + 1) * sizeof *scale);
    int32_t *time = malloc((points + 1) * sizeof *time);
    CHECK(r2 && x && scale && time);
    CHECK(pk_plan_coherence(plan, t->seed, (uint32_t)t->first, r2, scale, time) == PK_OK);
    for (size_t i = 0; i < points; i++) {
        CHECK(r2[i] >= 0 && r2[i] <= 1);
        CHECK(scale[i] >= 0 && scale[i] < t->task.n_scales);
        CHECK(time[i] >= 0 && time[i] < t->task.length);
    }
    CHECK(pk_plan_series(plan, t->seed, (uint32_t)t->first, x, x + length) == PK_OK);
    for (size_t i = 0; i < 2 * length; i++)
        CHECK(isfinite(x[i]));
    free(time);
    free(scale);
    free(x);
    free(r2);
}

/* Another instruction set, the span cut in two: the same histogram. */
static void check_other(const trial *t, const pk_plan *plan, const int64_t *expected)
{
    int32_t number = 0;
    while (pk_isa_name(number) && strcmp(pk_isa_name(number), pk_plan_isa(plan)) != 0)
        number++;
    const char *isa = number && pk_isa_supported(number - 1) ? pk_isa_name(number - 1) : NULL;
    pk_plan *other;
    pk_error error;
    CHECK(pk_plan_create(&t->task, t->path, isa, &other, &error) == PK_OK);
    int64_t *hist = run(other, t, 1);
    CHECK(memcmp(hist, expected, cells_of(t) * sizeof *hist) == 0);
    free(hist);
    pk_plan_free(other);
}

/* Series of the caller's own: any finite values of the order of one, impulses and constants too. */
static void check_given(const pk_plan *plan, const trial *t, input *in)
{
    size_t length = (size_t)t->task.length, pairs = t->count < 3 ? (size_t)t->count : 3;
    float *x = calloc(2 * pairs * length + 1, sizeof *x);
    int64_t *hist = calloc(cells_of(t), sizeof *hist);
    CHECK(x && hist);
    uint64_t every = 1 + take(in, 1) % 64;
    for (size_t i = 0; i < 2 * pairs * length; i++)
        x[i] = i % every == 0 ? (float)between(in, -4000, 4000) / 1000 : 0;
    CHECK(pk_plan_run_given(plan, NULL, x, x + pairs * length, pairs, hist, NULL, NULL) == PK_OK);
    trial part = *t;
    part.count = pairs;
    check_histogram(&part, hist);
    free(hist);
    free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    trial t;
    take_trial(&in, &t);
    pk_error error = {0};
    pk_plan *plan;
    int code = pk_plan_create(&t.task, t.path, t.isa, &plan, &error);
    if (code) {
        CHECK(plan == NULL && error.code == code && names_a_field(error.text));
        return 0;
    }
    if (t.first > UINT64_C(1) << 32 || t.count > (UINT64_C(1) << 32) - t.first) {
        CHECK(pk_plan_run(plan, NULL, t.seed, t.first, t.count, NULL, NULL, NULL) == PK_INVALID);
    } else {
        int64_t *hist = run(plan, &t, 0);
        check_histogram(&t, hist);
        check_values(plan, &t);
        check_other(&t, plan, hist);
        check_given(plan, &t, &in);
        free(hist);
    }
    pk_plan_free(plan);
    return 0;
}
