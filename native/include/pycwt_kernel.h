/* Monte Carlo kernel of wavelet coherence significance.
 *
 * A realisation is a pair of independent AR(1) series; its squared coherence is counted, scale
 * by scale, outside the cone of influence. Realisation k depends on the task, the seed and k
 * alone: histograms of any split of a span add up to the histogram of the whole, whatever the
 * instruction set and the number of threads.
 */
#ifndef PYCWT_KERNEL_H
#define PYCWT_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum pk_family { PK_MORLET = 0, PK_PAUL = 1, PK_DOG = 2, PK_MORSE = 3 };

/* How the coherence is computed. PLAIN: every sample at every scale. MULTIRATE: every scale at
 * a rate of its own, evaluated on a sub-grid; Morlet without nodes alone. AUTO: the fastest that is
 * right. */
enum pk_path { PK_AUTO = 0, PK_PLAIN = 1, PK_MULTIRATE = 2 };

enum pk_code {
    PK_OK = 0,
    PK_INVALID = 1,     /* a field of the task or an argument is out of its range */
    PK_NO_MEMORY = 2,   /* no room for tables or workspace */
    PK_CANCELLED = 3,   /* the cancel flag was set; the histogram is worthless */
    PK_UNSUPPORTED = 4, /* this processor or this path can't compute that */
    PK_MORE = 5,        /* so far all is well; there may be more to do */
    PK_NO_THREAD = 6    /* the system starts no more threads */
};

/* What went wrong; the text names the field. */
typedef struct {
    int32_t code;
    char text[192];
} pk_error;

/* The null hypothesis; lengths and scales in samples. Nothing is kept of the pointers. */
typedef struct {
    int32_t family;        /* enum pk_family */
    int32_t bins;          /* equal bins of R2 over [0, 1], 2 to 65536 */
    double order;          /* omega0 of Morlet, m of Paul and DOG (an integer), beta of Morse */
    int64_t length;        /* samples of a series, 16 to 2^26 */
    double ar1[2];         /* lag-1 coefficients, each in (-1, 1) */
    int32_t n_scales;
    int32_t n_weights;     /* odd */
    const double *scales;  /* increasing */
    const double *weights; /* of the smoothing over scales: symmetric, sum 1 */
    int32_t stream;        /* of random numbers, 0 to 63 */
    int32_t own[2];        /* scales own[0] ... own[1] - 1 are counted; the others, at most half
                              the weights before them, are there to be smoothed over */
    double edge;           /* in scales: samples closer to an end count `near`, others `beyond` */
    const int64_t *near, *beyond; /* of each counted scale, 0 to 2^40; NULL: 1 */
    double shape; /* gamma of Morse */
    double cone;  /* e-folding time of Morse, in scales */
    int32_t n_nodes;       /* 0 to 64: how many distances from the ends R2 is counted at, too */
    const int32_t *nodes;  /* n_nodes of each counted scale, in samples, at most half the series;
                              -1: not this one */
    int64_t pitch;         /* cells from one block of the histogram to the next; 0: one block
                              follows the other */
} pk_task;

typedef struct pk_plan pk_plan;

/* Tables for one task. `path` is an enum pk_path, `isa` a name of pk_isa_name, or NULL for what
 * suits this processor and the size of the task. The plan never changes afterwards: threads may
 * share it. */
int pk_plan_create(const pk_task *task, int32_t path, const char *isa, pk_plan **out,
                   pk_error *error);
/* A plan for a task that differs from the model's in ar1, stream, near and beyond alone. It
 * borrows the model's tables: the model must outlive it. */
int pk_plan_like(const pk_plan *model, const pk_task *task, pk_plan **out, pk_error *error);
void pk_plan_free(pk_plan *plan);

/* What was chosen. */
int32_t pk_plan_path(const pk_plan *plan);
const char *pk_plan_isa(const pk_plan *plan);
int32_t pk_plan_lanes(const pk_plan *plan);
/* Half of that where narrower vectors compute so few in half the time, else the same. */
int32_t pk_plan_fewest(const pk_plan *plan);
/* Bytes that each running pk_plan_run works in. */
int64_t pk_plan_workspace(const pk_plan *plan);
/* R2 values of one realisation that are evaluated. The multirate path evaluates few points; each
 * counts for the samples next to it, so that both paths count every sample outside the cone. Each
 * node is two more, for either end. */
int64_t pk_plan_points(const pk_plan *plan);

/* Working memory for one run of that plan at a time: for callers who run it in pieces. */
typedef struct pk_space pk_space;
int pk_space_create(const pk_plan *plan, pk_space **out);
void pk_space_free(pk_space *space);

/* Add the realisations first ... first + count - 1 to hist[own[1] - own[0]][bins], and what the
 * nodes count to the n_nodes blocks behind it, each like the first.
 *
 * Without a `space` (NULL) it takes memory for the call.
 * `cancel` (may be NULL) is polled between the steps of a block of realisations: once it isn't
 * zero, PK_CANCELLED is returned. `progress` (may be NULL) grows by the realisations done. */
int pk_plan_run(const pk_plan *plan, pk_space *space, uint64_t seed, uint64_t first,
                uint64_t count, int64_t *hist, const volatile int32_t *cancel,
                volatile int64_t *progress);

/* The same of series that the caller made: x1[count][length], x2 alike, finite and of the order of
 * one. The plan's ar1 then says no more than of what order their spectra are. */
int pk_plan_run_given(const pk_plan *plan, pk_space *space, const float *x1, const float *x2,
                      uint64_t count, int64_t *hist, const volatile int32_t *cancel,
                      volatile int64_t *progress);

/* Spans of realisations of several plans, which threads share. Each plan counts in rows of its
 * own. */
typedef struct {
    const pk_plan *plan;
    int64_t cell;          /* of the histogram: the plan's first */
    uint64_t at, end;      /* realisations that nobody has taken yet */
    int32_t lanes, fewest;
    int64_t workspace;     /* as the plan tells these three */
    int32_t cut;           /* 0 at first; 1 once a piece is less than all of the part */
} pk_part;

typedef struct {
    pk_part *parts;
    int32_t n_parts;
    int32_t threads; /* how many will take pieces at the same time */
    int64_t bytes;   /* the blocks of a piece take so many in all at most; 0: any number */
    int32_t taken;   /* 0 at first; while a piece is being taken, 1 */
} pk_queue;

/* The next piece that nobody has taken: the number of its part, -1 where nothing is left. For
 * several threads the pieces get smaller towards the end. */
int32_t pk_queue_take(pk_queue *queue, uint64_t *first, uint64_t *count);

/* Threads that run parts together, with memory for so many of them to work in: a space for the plan
 * that wants most, and `cells` of a histogram. It may run one after the other, and is the caller's
 * alone: its functions are called by one thread at a time. One whose run fails or is stopped is
 * good for nothing more, and has no memory. */
typedef struct pk_team pk_team;
int pk_team_create(const pk_plan *plan, int64_t cells, int32_t threads, pk_team **out);
/* Stops it first. */
void pk_team_free(pk_team *team);

/* Add the parts to the histogram, as pk_plan_run does of each: they are there when pk_team_wait says
 * PK_OK. With `bytes`, one of the `threads` is the caller's, which calls pk_team_help. The parts, 64
 * at most, and the histogram must outlive the run, and are worth nothing where it fails:
 * PK_NO_THREAD, where the system starts no more of them. */
int pk_team_start(pk_team *team, pk_part *parts, int32_t n_parts, int32_t threads, int64_t bytes,
                  uint64_t seed, int64_t *hist);
/* Compute with the others until nothing is left to be taken, or blocks of so many bytes together
 * are done: then PK_MORE is returned, and it is to be called again. PK_INVALID where the caller is
 * none of them, or has ended. */
int pk_team_help(pk_team *team);
/* Wait for about so long at most: PK_MORE while one of them computes, else how the run has ended.
 * In a process that was forked from a running one that is PK_CANCELLED. */
int pk_team_wait(pk_team *team, double seconds);
/* Realisations done, of all parts together. */
int64_t pk_team_done(const pk_team *team);
/* Cancel the run, if there is one, and wait for its end. */
void pk_team_stop(pk_team *team);

/* R2 of realisation k at its evaluated points, pk_plan_points of them, scale by scale; with the
 * number of the scale and the time index of each. Behind the points of a scale come its nodes, the
 * first end before the last. */
int pk_plan_coherence(const pk_plan *plan, uint64_t seed, uint64_t k, float *r2,
                      int32_t *scale, int32_t *time);

/* The two series of realisation k, `length` samples each, their mean removed, innovations of
 * unit variance. */
int pk_plan_series(const pk_plan *plan, uint64_t seed, uint64_t k, float *x1, float *x2);

/* Where rows of counts in equal bins over [0, 1] first reach the share `level` of their sum, linear
 * within a bin, and half the distance between where they reach one standard error of that share
 * more and less; NAN where nothing was counted. Counts are integers[rows][bins] or
 * reals[rows][bins], the other one is NULL. independent[rows] of them are worth an independent one;
 * NULL: all. PK_INVALID where a count is negative. */
int pk_levels(const int64_t *integers, const double *reals, int64_t rows, int64_t bins,
              double level, const double *independent, double *levels, double *errors);

/* Instruction sets compiled in: name by number, NULL past the last; the best comes last. */
const char *pk_isa_name(int32_t number);
/* Whether this processor has it. */
int32_t pk_isa_supported(int32_t number);

/* One block of Threefry2x32-20 (Salmon et al. 2011, SC'11, doi 10.1145/2063384.2063405). */
void pk_threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]);

#endif
