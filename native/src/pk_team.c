/* Threads that run a queue together, and the memory that they work in. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "pk_queue.h"

/* Who waits looks for so long (nanoseconds) before it sleeps: to be woken takes longer than the
 * others usually take to end. */
static const int64_t LOOKING = 100000;

typedef struct {
    pk_team *team;
    pk_space *space;
    int64_t *own; /* cells that it counts in by itself, zero between runs */
    volatile int64_t progress;
    char apart[64]; /* from what the next one writes */
} member;

struct pk_team {
    pk_queue queue;
    uint64_t seed;
    int64_t *hist;
    volatile int32_t cancel;
    int32_t helping;       /* whether the caller is one of them, and hasn't ended */
    pthread_mutex_t mutex; /* of what follows, and of cells that several add to */
    pthread_cond_t ended;
    int32_t running;
    int32_t code; /* of the first that failed */
    int32_t n_members;
    member members[];
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *zeros(int64_t cells)
{
    return calloc((size_t)cells, sizeof(int64_t));
}

int pk_team_create(const pk_plan *plan, int64_t cells, int32_t threads, pk_team **out)
{
    *out = NULL;
    if (cells < 1 || threads < 1)
        return PK_INVALID;
    pk_team *team = calloc(1, sizeof *team + (size_t)threads * sizeof(member));
    if (!team)
        return PK_NO_MEMORY;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->ended, &clock);
    pthread_condattr_destroy(&clock);
    for (; team->n_members < threads; team->n_members++) {
        member *m = &team->members[team->n_members];
        m->team = team;
        if (pk_space_create(plan, &m->space) || (threads > 1 && !(m->own = zeros(cells)))) {
            pk_space_free(m->space);
            pk_team_free(team);
            return PK_NO_MEMORY;
        }
    }
    *out = team;
    return PK_OK;
}

/* Give the others the processor for as long as one looks. */
static int looking(int64_t since)
{
    sched_yield();
    return now() < since + LOOKING;
}

static void lock(pk_team *team)
{
    int64_t begin = now();
    do
        if (pthread_mutex_trylock(&team->mutex) == 0)
            return;
    while (looking(begin));
    pthread_mutex_lock(&team->mutex);
}

static int32_t running(const pk_team *team)
{
    return __atomic_load_n(&team->running, __ATOMIC_ACQUIRE);
}

/* What a member does. */
static int work(member *m, int64_t bytes)
{
    pk_team *team = m->team;
    int64_t *own = m->own ? m->own : team->hist;
    return pk_queue_run(&team->queue, m->space, team->seed, bytes, team->hist, own, &team->cancel,
                        &m->progress);
}

/* Nobody has anything left to work for. */
static void cancel(pk_team *team)
{
    __atomic_store_n(&team->cancel, 1, __ATOMIC_RELAXED);
}

/* Note that a member, or one that never began, has ended. Once the mutex is given back, the team
 * may be gone. */
static void end(member *m, int code)
{
    pk_team *team = m->team;
    lock(team);
    if (m->own)
        pk_queue_add(&team->queue, team->hist, m->own);
    /* Before others are stopped by it. */
    if (code && !team->code)
        team->code = code;
    if (code)
        cancel(team);
    if (__atomic_sub_fetch(&team->running, 1, __ATOMIC_RELEASE) == 0)
        pthread_cond_broadcast(&team->ended);
    pthread_mutex_unlock(&team->mutex);
}

static void *thread(void *data)
{
    member *m = data;
    end(m, work(m, 0));
    return NULL;
}

/* Signals are for the threads of the host. Nobody waits for such a thread but by `ended`. */
static int start(member *m)
{
    pthread_t started;
    pthread_attr_t detached;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&started, &detached, thread, m);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return error;
}

int pk_team_start(pk_team *team, pk_part *parts, int32_t n_parts, int32_t threads, int64_t bytes,
                  uint64_t seed, int64_t *hist)
{
    if (threads < 1 || threads > team->n_members || n_parts < 0 || bytes < 0 || running(team) ||
        (threads > 1 && !team->members[0].own))
        return PK_INVALID;
    team->queue = (pk_queue){parts, n_parts, threads, bytes, 0};
    team->seed = seed;
    team->hist = hist;
    team->cancel = 0;
    team->code = PK_OK;
    team->running = threads;
    team->helping = bytes > 0;
    for (int32_t i = 0; i < team->n_members; i++)
        team->members[i].progress = 0;
    int error = 0;
    for (int32_t i = team->helping; i < threads; i++) {
        member *m = &team->members[i];
        if (error || (error = start(m)))
            end(m, PK_NO_THREAD);
    }
    return error ? PK_NO_THREAD : PK_OK;
}

int pk_team_help(pk_team *team)
{
    if (!team->helping)
        return PK_INVALID;
    int code = work(&team->members[0], team->queue.bytes);
    if (code != PK_MORE) {
        team->helping = 0;
        end(&team->members[0], code);
    }
    return code;
}

int pk_team_wait(pk_team *team, double seconds)
{
    int64_t begin = now(), until = begin + (int64_t)(seconds * 1e9);
    struct timespec time = {until / 1000000000, until % 1000000000};
    while (running(team) && looking(begin))
        ;
    lock(team);
    int error = 0;
    while (team->running && !error)
        error = pthread_cond_timedwait(&team->ended, &team->mutex, &time);
    int code = team->running ? PK_MORE : team->code;
    pthread_mutex_unlock(&team->mutex);
    return code;
}

int64_t pk_team_done(const pk_team *team)
{
    int64_t done = 0;
    for (int32_t i = 0; i < team->n_members; i++)
        done += __atomic_load_n(&team->members[i].progress, __ATOMIC_RELAXED);
    return done;
}

void pk_team_stop(pk_team *team)
{
    cancel(team);
    if (team->helping) {
        team->helping = 0;
        end(&team->members[0], PK_CANCELLED);
    }
    pthread_mutex_lock(&team->mutex);
    while (team->running)
        pthread_cond_wait(&team->ended, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

void pk_team_free(pk_team *team)
{
    if (!team)
        return;
    pk_team_stop(team);
    for (int32_t i = 0; i < team->n_members; i++) {
        pk_space_free(team->members[i].space);
        free(team->members[i].own);
    }
    pthread_cond_destroy(&team->ended);
    pthread_mutex_destroy(&team->mutex);
    free(team);
}
