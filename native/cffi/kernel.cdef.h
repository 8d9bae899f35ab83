/* What Python sees of native/include/pycwt_kernel.h, where it is explained. */
typedef struct {
    int32_t code;
    char text[192];
} pk_error;

typedef struct {
    int32_t family;
    int32_t bins;
    double order;
    int64_t length;
    double ar1[2];
    int32_t n_scales;
    int32_t n_weights;
    const double *scales;
    const double *weights;
    int32_t stream;
    int32_t own[2];
    double edge;
    const int64_t *near, *beyond;
    double shape;
    double cone;
    int32_t n_nodes;
    const int32_t *nodes;
    int64_t pitch;
} pk_task;

typedef struct pk_plan pk_plan;
typedef struct pk_space pk_space;

enum pk_family { PK_MORLET, PK_PAUL, PK_DOG, PK_MORSE, ... };
enum pk_path { PK_AUTO, PK_PLAIN, PK_MULTIRATE, ... };
enum pk_code {
    PK_OK, PK_INVALID, PK_NO_MEMORY, PK_CANCELLED, PK_UNSUPPORTED, PK_MORE, PK_NO_THREAD, ...
};

int pk_plan_create(const pk_task *task, int32_t path, const char *isa, pk_plan **out,
                   pk_error *error);
int pk_plan_like(const pk_plan *model, const pk_task *task, pk_plan **out, pk_error *error);
void pk_plan_free(pk_plan *plan);
int32_t pk_plan_path(const pk_plan *plan);
const char *pk_plan_isa(const pk_plan *plan);
int32_t pk_plan_lanes(const pk_plan *plan);
int32_t pk_plan_fewest(const pk_plan *plan);
int64_t pk_plan_workspace(const pk_plan *plan);
int64_t pk_plan_points(const pk_plan *plan);
typedef struct {
    const pk_plan *plan;
    int64_t cell;
    uint64_t at, end;
    int32_t lanes, fewest;
    int64_t workspace;
    int32_t cut;
} pk_part;

typedef struct {
    pk_part *parts;
    int32_t n_parts;
    int32_t threads;
    int64_t bytes;
    int32_t taken;
} pk_queue;

int32_t pk_queue_take(pk_queue *queue, uint64_t *first, uint64_t *count);

typedef struct pk_team pk_team;
int pk_team_create(const pk_plan *plan, int64_t cells, int32_t threads, pk_team **out);
void pk_team_free(pk_team *team);
int pk_team_start(pk_team *team, pk_part *parts, int32_t n_parts, int32_t threads, int64_t bytes,
                  uint64_t seed, int64_t *hist);
int pk_team_help(pk_team *team);
int pk_team_wait(pk_team *team, double seconds);
int64_t pk_team_done(const pk_team *team);
void pk_team_stop(pk_team *team);

int pk_plan_run_given(const pk_plan *plan, pk_space *space, const float *x1, const float *x2,
                      uint64_t count, int64_t *hist, const volatile int32_t *cancel,
                      volatile int64_t *progress);
int pk_plan_coherence(const pk_plan *plan, uint64_t seed, uint64_t k, float *r2,
                      int32_t *scale, int32_t *time);
int pk_plan_series(const pk_plan *plan, uint64_t seed, uint64_t k, float *x1, float *x2);
int pk_levels(const int64_t *integers, const double *reals, int64_t rows, int64_t bins,
              double level, const double *independent, double *levels, double *errors);
const char *pk_isa_name(int32_t number);
int32_t pk_isa_supported(int32_t number);
void pk_threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]);

/* What Python sees of native/include/pycwt_rows.h, where it is explained. */
typedef struct {
    double omega;
    int64_t band_length;
    int32_t decimation;
    int32_t reach;
    int32_t half;
    const void *taps;
    const void *window;
    const void *band;
} pt_row;

int64_t pt_band_length(const pt_row *row, int64_t count);
int pt_row_f32(int32_t isa, const pt_row *row, int64_t count, float *out);
int pt_row_f64(int32_t isa, const pt_row *row, int64_t count, double *out);
int32_t pt_isa_best(void);
int32_t pt_isa_supported(int32_t isa);
const char *pt_isa_name(int32_t isa);
enum pt_code { PT_OK, PT_INVALID, PT_NO_MEMORY, ... };
enum { PT_MAX_DECIMATION, PT_MAX_REACH, ... };

typedef struct {
    pt_row first;
    const void *second;
    int64_t pitch;
} pt_pair;

typedef struct {
    int32_t scales;
    double floors[...][2];
    const double *weights;
    const void *const *terms;
    const int64_t *pitches;
    const void *window;
    int32_t count;
    int32_t decimation;
    int32_t reach;
} pt_window;

enum { PT_SLACK, ... };
enum { PT_MAX_SCALES, ... };

int64_t pt_sums_length(const pt_row *row, int64_t count);
int64_t pt_term_length(const pt_window *window, int64_t count);
int pt_pair_f32(int32_t isa, const pt_pair *pair, int64_t count, float *phase, float *sums);
int pt_pair_f64(int32_t isa, const pt_pair *pair, int64_t count, double *phase, double *sums);
int pt_smooth_f32(int32_t isa, const float *x, const float *taps, const float *between,
                  int32_t half, int64_t count, float *out);
int pt_smooth_f64(int32_t isa, const double *x, const double *taps, const double *between,
                  int32_t half, int64_t count, double *out);
int pt_coherence_f32(int32_t isa, const pt_window *window, int64_t count, float *const *out);
int pt_coherence_f64(int32_t isa, const pt_window *window, int64_t count, double *const *out);
typedef struct {
    const double *bins;
    int64_t count;
    int64_t first;
    int64_t length;
    double scale;
    int64_t before;
    int64_t after;
    void *room;
} pt_circle;
enum { PT_MIN_FFT, PT_ROOM, ... };
int pt_inverse_f32(int32_t isa, const pt_circle *circle, float *out);
int pt_inverse_f64(int32_t isa, const pt_circle *circle, double *out);
int pt_forward_f64(int32_t isa, const double *x, int64_t count, int64_t half, double *out);
