/* Digests of what the kernel computes, which must be the same on every processor: prints a line
 * for each task, and fails where two instruction sets of this one differ. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "pycwt_kernel.h"

enum { SCALES = 36, BINS = 200, COUNT = 37, MOST_NODES = 3 };

typedef struct {
    const char *name;
    int32_t family, path;
    double order, s0;
    int64_t length;
    double ar1[2];
    int32_t n_weights;
    const double *weights;
    int32_t n_nodes;
} example;

static const double BOXCAR[9] = {0.0625, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.0625};
static const double TAPERED[5] = {0.125, 0.1875, 0.375, 0.1875, 0.125};
static const double ALONE[1] = {1};

/* Lengths around powers of two and far from them; white noise, strong colours and alternating
 * ones, where numbers are smallest; both ways to sum over scales; points at the ends. */
static const example EXAMPLES[] = {
    {"morlet-multirate", PK_MORLET, PK_MULTIRATE, 6, 2, 1100, {0.3, 0.7}, 9, BOXCAR, 0},
    {"morlet-multirate-tapered", PK_MORLET, PK_MULTIRATE, 6, 1.7, 363, {-0.9, 0.99}, 5, TAPERED, 0},
    {"morlet-multirate-order-3", PK_MORLET, PK_MULTIRATE, 3, 1.6, 512, {0, 0.999999}, 9, BOXCAR, 0},
    {"morlet-multirate-order-20", PK_MORLET, PK_MULTIRATE, 20, 6.5, 900, {0.5, -0.5}, 1, ALONE, 0},
    {"morlet-plain", PK_MORLET, PK_PLAIN, 6, 2, 300, {0.3, 0.7}, 9, BOXCAR, 0},
    {"morlet-plain-coloured", PK_MORLET, PK_PLAIN, 6, 1.2, 257, {-0.999999, 0.9999}, 5, TAPERED, 0},
    {"paul-4", PK_PAUL, PK_AUTO, 4, 1.5, 300, {0, 0.95}, 9, BOXCAR, 0},
    {"paul-40", PK_PAUL, PK_PLAIN, 40, 12, 511, {0.2, 0.4}, 5, TAPERED, 0},
    {"dog-2", PK_DOG, PK_AUTO, 2, 1, 300, {0.9, 0.9}, 9, BOXCAR, 0},
    {"dog-3", PK_DOG, PK_PLAIN, 3, 1, 128, {-0.7, 0}, 1, ALONE, 0},
    {"dog-40", PK_DOG, PK_PLAIN, 40, 2, 400, {0.1, -0.2}, 5, TAPERED, 0},
    {"morse-3-20", PK_MORSE, PK_AUTO, 20, 0.6, 700, {0.3, 0.7}, 9, BOXCAR, 0},
    {"morse-3-1.5", PK_MORSE, PK_PLAIN, 1.5, 0.5, 260, {-0.9, 0}, 5, TAPERED, 0},
    {"morlet-nodes", PK_MORLET, PK_AUTO, 6, 2, 256, {0.3, 0.99}, 9, BOXCAR, MOST_NODES},
    {"paul-nodes", PK_PAUL, PK_AUTO, 4, 1.5, 161, {-0.4, 0.9}, 5, TAPERED, 1},
};

/* FNV-1a with 64 bits (draft-eastlake-fnv), over words from the low byte to the high one. */
static void add(uint64_t *digest, uint64_t word, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *digest = (*digest ^ (word >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
}

static void add_floats(uint64_t *digest, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        union {
            float value;
            uint32_t bits;
        } both = {values[i]};
        add(digest, both.bits, 4);
    }
}

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (!memory) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return memory;
}

/* The histogram, and the bits of one realisation's series and coherence. */
static int digest_plan(const pk_plan *plan, const example *e, uint64_t *digest)
{
    size_t points = (size_t)pk_plan_points(plan), length = (size_t)e->length;
    int cells = (1 + e->n_nodes) * SCALES * BINS;
    int64_t *hist = room((size_t)cells, sizeof *hist);
    float *r2 = room(points, sizeof *r2), *x = room(2 * length, sizeof *x);
    int32_t *scale = room(points, sizeof *scale), *time = room(points, sizeof *time);
    int failed = pk_plan_run(plan, NULL, UINT64_C(0x0123456789abcdef), 11, COUNT, hist, NULL, NULL) ||
                 pk_plan_coherence(plan, 7, UINT32_MAX, r2, scale, time) ||
                 pk_plan_series(plan, 7, UINT32_MAX, x, x + length);
    *digest = UINT64_C(0xcbf29ce484222325);
    for (int i = 0; i < cells; i++)
        add(digest, (uint64_t)hist[i], 8);
    add_floats(digest, x, 2 * e->length);
    add_floats(digest, r2, (int64_t)points);
    for (size_t i = 0; i < points; i++)
        add(digest, (uint64_t)scale[i] << 32 | (uint32_t)time[i], 8);
    free(time);
    free(scale);
    free(x);
    free(r2);
    free(hist);
    return failed;
}

static int digest_on(const example *e, const char *isa, uint64_t *digest)
{
    double scales[SCALES], scale = e->s0;
    int32_t nodes[SCALES * MOST_NODES], half = (int32_t)(e->length - 1) / 2, n = 0;
    for (int j = 0; j < SCALES; j++, scale *= 1.122462048309373) {
        scales[j] = scale;
        for (int32_t i = 0; i < e->n_nodes; i++) {
            int32_t at = (int32_t)(scale * i / 2);
            nodes[n++] = at > half ? half : at;
        }
    }
    pk_task task = {.family = e->family,
                    .bins = BINS,
                    .order = e->order,
                    .length = e->length,
                    .ar1 = {e->ar1[0], e->ar1[1]},
                    .n_scales = SCALES,
                    .n_weights = e->n_weights,
                    .scales = scales,
                    .weights = e->weights,
                    .shape = 3, /* of Morse alone, as the cone */
                    .cone = 5.85,
                                        .own = {0, SCALES},
                    .n_nodes = e->n_nodes,
                    .nodes = nodes};
    pk_plan *plan;
    pk_error error = {0};
    if (pk_plan_create(&task, e->path, isa, &plan, &error)) {
        fprintf(stderr, "%s: %s\n", e->name, error.text);
        return 1;
    }
    int failed = digest_plan(plan, e, digest);
    pk_plan_free(plan);
    return failed;
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        const example *e = &EXAMPLES[i];
        uint64_t first = 0, digest;
        const char *isa, *chosen = NULL;
        for (int32_t number = 0; (isa = pk_isa_name(number)); number++) {
            if (!pk_isa_supported(number))
                continue;
            failed |= digest_on(e, isa, &digest);
            if (!chosen) {
                chosen = isa;
                first = digest;
            } else if (digest != first) {
                fprintf(stderr, "%s: %s differs from %s\n", e->name, isa, chosen);
                failed = 1;
            }
        }
        printf("%-26s %016" PRIx64 "\n", e->name, first);
    }
    fprintf(stderr, "computed on:");
    for (int32_t number = 0; pk_isa_name(number); number++)
        if (pk_isa_supported(number))
            fprintf(stderr, " %s", pk_isa_name(number));
    fprintf(stderr, "\n");
    return failed;
}
