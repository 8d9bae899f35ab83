/* Threads that run a queue together, and the memory that they work in. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "pk_queue.h"

/* Who waits looks for so long (nanoseconds) before it sleeps: to be woken takes longer than the
 * others usually take to end. */
static const int64_t LOOKING = 100000;
/* Nobody has that many. */
static const int64_t MOST_CELLS = INT64_C(1) << 40;
/* Nobody waits longer without looking up. */
static const double MOST_SECONDS = 1e6;

typedef struct {
    pk_team *team;
    pk_worker worker;
    int32_t waits;  /* it has ended, and has cells to be added */
    char apart[64]; /* from what the next one writes */
} member;

struct pk_team {
    pk_queue queue;
    uint64_t seed;
    pid_t process;
    volatile int32_t cancel;
    int32_t helping;        /* whether the caller is one of them, and hasn't ended */
    pthread_mutex_t adding; /* of the histogram's shared cells, `ready` and `waits` */
    int32_t ready;          /* the first member no longer counts in those */
    pthread_mutex_t mutex;  /* of what follows */
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

/* Of many, whole huge pages where the system gives them on request. */
static int64_t *zeros(int64_t cells)
{
    size_t bytes = (size_t)cells * sizeof(int64_t);
    int64_t *found = calloc(1, bytes);
#ifdef MADV_HUGEPAGE
    uintptr_t page = (uintptr_t)1 << 21, begin = ((uintptr_t)found + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)found + bytes) / page * page;
    if (found && begin < end)
        (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* a wish, no more */
#endif
    return found;
}

static void free_members(pk_team *team)
{
    for (int32_t i = 0; i < team->n_members; i++) {
        pk_space_free(team->members[i].worker.space);
        if (i)
            free(team->members[i].worker.own);
    }
    team->n_members = 0;
}

int pk_team_create(const pk_plan *plan, int64_t cells, int32_t threads, pk_team **out)
{
    *out = NULL;
    if (cells < 1 || cells > MOST_CELLS || threads < 1)
        return PK_INVALID;
    pk_team *team = calloc(1, sizeof *team + (size_t)threads * sizeof(member));
    if (!team)
        return PK_NO_MEMORY;
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&team->adding, NULL);
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->ended, &clock);
    pthread_condattr_destroy(&clock);
    team->process = getpid();
    *out = team;
    for (int32_t i = 0; i < threads; i++) {
        pk_worker *worker = &team->members[i].worker;
        team->members[i].team = team;
        team->n_members++;
        /* The first one counts in the histogram itself. */
        if (pk_space_create(plan, &worker->space) || (i && !(worker->own = zeros(cells)))) {
            pk_team_free(team);
            *out = NULL;
            return PK_NO_MEMORY;
        }
    }
    return PK_OK;
}

/* Give the others the processor for as long as one looks. */
static int looking(int64_t since)
{
    sched_yield();
    return now() < since + LOOKING;
}

static void lock(pthread_mutex_t *mutex)
{
    int64_t begin = now();
    do
        if (pthread_mutex_trylock(mutex) == 0)
            return;
    while (looking(begin));
    pthread_mutex_lock(mutex);
}

/* Whether this is a fork of the process that it began to run in: the threads, and whoever holds a
 * mutex or waits, aren't here. */
static int is_left_behind(const pk_team *team)
{
    return team->process != getpid();
}

static int32_t running(const pk_team *team)
{
    return is_left_behind(team) ? 0 : __atomic_load_n(&team->running, __ATOMIC_ACQUIRE);
}

/* Nobody has anything left to work for. */
static void cancel(pk_team *team)
{
    __atomic_store_n(&team->cancel, 1, __ATOMIC_RELAXED);
}

/* What a member does. */
static int work(member *m, int64_t bytes)
{
    pk_team *team = m->team;
    return pk_queue_run(&team->queue, &m->worker, team->seed, bytes, &team->cancel);
}

/* Bring what a member has counted by itself into the histogram; while the first one still counts
 * there, that is left to it. */
static void add(member *m)
{
    pk_team *team = m->team;
    lock(&team->adding);
    if (m == team->members) {
        team->ready = 1;
        for (member *other = m; other < m + team->n_members; other++)
            if (other->waits)
                pk_queue_add(&team->queue, &other->worker, &team->cancel);
    } else if (team->ready) {
        pk_queue_add(&team->queue, &m->worker, &team->cancel);
    } else {
        m->waits = 1;
    }
    pthread_mutex_unlock(&team->adding);
}

/* Note that a member, or one that never began, has ended. Once the mutex is given back, the team
 * may be gone. */
static void end(member *m, int code)
{
    pk_team *team = m->team;
    if (!code)
        add(m);
    lock(&team->mutex);
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

/* Signals are for the threads of the host, but those that a fault of this one brings. Nobody waits
 * for such a thread but by `ended`. */
static int start(member *m)
{
    static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    pthread_t started;
    pthread_attr_t detached;
    sigset_t others, before;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++)
        sigdelset(&others, FAULTS[i]);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    int error = pthread_create(&started, &detached, thread, m);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return error;
}

int pk_team_start(pk_team *team, pk_part *parts, int32_t n_parts, int32_t threads, int64_t bytes,
                  uint64_t seed, int64_t *hist)
{
    if (threads < 1 || threads > team->n_members || n_parts < 0 || n_parts > PK_MAX_PARTS ||
        bytes < 0 || running(team) || team->code)
        return PK_INVALID;
    team->queue = (pk_queue){parts, n_parts, threads, bytes, 0};
    team->seed = seed;
    team->process = getpid();
    team->cancel = 0;
    team->ready = 0;
    team->code = PK_OK;
    team->running = threads;
    team->helping = bytes > 0;
    for (int32_t i = 0; i < team->n_members; i++) {
        member *m = &team->members[i];
        m->worker.hist = hist;
        m->worker.progress = 0;
        m->waits = 0;
    }
    team->members[0].worker.own = hist;
    int error = 0;
    for (int32_t i = team->helping; i < threads; i++) {
        member *m = &team->members[i];
        if (error || (error = start(m)))
            end(m, PK_NO_THREAD);
    }
    if (error)
        pk_team_stop(team);
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
    int64_t begin = now();
    int64_t until = begin + (int64_t)((seconds < MOST_SECONDS ? seconds : MOST_SECONDS) * 1e9);
    struct timespec time = {until / 1000000000, until % 1000000000};
    while (running(team) && looking(begin))
        ;
    if (is_left_behind(team))
        return PK_CANCELLED;
    lock(&team->mutex);
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
        done += __atomic_load_n(&team->members[i].worker.progress, __ATOMIC_RELAXED);
    return done;
}

void pk_team_stop(pk_team *team)
{
    if (is_left_behind(team)) {
        free_members(team);
        return;
    }
    lock(&team->mutex);
    if (team->running && !team->code)
        team->code = PK_CANCELLED;
    pthread_mutex_unlock(&team->mutex);
    cancel(team);
    if (team->helping) {
        team->helping = 0;
        end(&team->members[0], PK_CANCELLED);
    }
    lock(&team->mutex);
    while (team->running)
        pthread_cond_wait(&team->ended, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
    /* Nobody knows what is in the cells. */
    if (team->code)
        free_members(team);
}

void pk_team_free(pk_team *team)
{
    if (!team)
        return;
    pk_team_stop(team);
    free_members(team);
    if (!is_left_behind(team)) {
        pthread_cond_destroy(&team->ended);
        pthread_mutex_destroy(&team->mutex);
        pthread_mutex_destroy(&team->adding);
    }
    free(team);
}
