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
} pk_task;

typedef struct pk_plan pk_plan;
typedef struct pk_space pk_space;

enum pk_family { PK_MORLET, PK_PAUL, PK_DOG, ... };
enum pk_path { PK_AUTO, PK_PLAIN, PK_MULTIRATE, ... };
enum pk_code { PK_OK, PK_INVALID, PK_NO_MEMORY, PK_CANCELLED, PK_UNSUPPORTED, ... };

int pk_plan_create(const pk_task *task, int32_t path, const char *isa, pk_plan **out,
                   pk_error *error);
int pk_plan_like(const pk_plan *model, const pk_task *task, pk_plan **out, pk_error *error);
void pk_plan_free(pk_plan *plan);
int32_t pk_plan_path(const pk_plan *plan);
const char *pk_plan_isa(const pk_plan *plan);
int32_t pk_plan_lanes(const pk_plan *plan);
int64_t pk_plan_workspace(const pk_plan *plan);
int64_t pk_plan_points(const pk_plan *plan);
int pk_space_create(const pk_plan *plan, pk_space **out);
void pk_space_free(pk_space *space);
int pk_plan_run(const pk_plan *plan, pk_space *space, uint64_t seed, uint64_t first,
                uint64_t count, int64_t *hist, const volatile int32_t *cancel,
                volatile int64_t *progress);
int pk_plan_coherence(const pk_plan *plan, uint64_t seed, uint64_t k, float *r2,
                      int32_t *scale, int32_t *time);
int pk_plan_series(const pk_plan *plan, uint64_t seed, uint64_t k, float *x1, float *x2);
const char *pk_isa_name(int32_t number);
int32_t pk_isa_supported(int32_t number);
void pk_threefry(const uint32_t key[2], const uint32_t counter[2], uint32_t out[2]);
