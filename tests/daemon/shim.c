/* Loaded before libc into the daemon and its workers: makes the disk refuse, the clock jump and the
 * process die, as a test tells it through a page of memory that it shares with them.
 *
 * PYCWTD_SHIM_PAGE is the file of the page, PYCWTD_SHIM_ROOT the folder whose files are meant. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct page {
    int64_t refuse;   /* errno of every change beneath the root; 0: none */
    int64_t clock;    /* seconds that the wall clock is ahead */
    int64_t victim;   /* process that dies; -1: whichever */
    int64_t moment;   /* … at its so many-th change from now on */
    int64_t changes;  /* changes that the victim has made */
};

static volatile struct page *page;
static char root[512];
static size_t root_length;

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("PYCWTD_SHIM_PAGE"), *folder = getenv("PYCWTD_SHIM_ROOT");
    int fd = file ? (int)open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0 || !folder)
        return;
    void *at = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    if (at != MAP_FAILED)
        page = at;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* Whether a change beneath the root may be made; the victim may not outlive it. */
static int refused(void)
{
    if ((page->victim == getpid() || page->victim == -1) && ++page->changes == page->moment)
        kill(getpid(), SIGKILL);
    if (!page->refuse)
        return 0;
    errno = (int)page->refuse;
    return 1;
}

static int path_refused(const char *path)
{
    return page && path && strncmp(path, root, root_length) == 0 && refused();
}

static int fd_refused(int fd)
{
    char name[32], path[512];
    if (!page || (!page->refuse && page->victim != getpid() && page->victim != -1))
        return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return path_refused(path);
}

#define OPEN(name, ...) \
    { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        REAL(name); \
        if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && path_refused(path)) \
            return -1; \
        return real(__VA_ARGS__, flags, mode); \
    }

int open(const char *path, int flags, ...) OPEN(open, path)
int open64(const char *path, int flags, ...) OPEN(open64, path)
int openat(int folder, const char *path, int flags, ...) OPEN(openat, folder, path)
int openat64(int folder, const char *path, int flags, ...) OPEN(openat64, folder, path)

#define ON_FD(type, name, parameters, ...) \
    type name parameters \
    { \
        REAL(name); \
        return fd_refused(fd) ? -1 : real(__VA_ARGS__); \
    }

ON_FD(ssize_t, write, (int fd, const void *data, size_t size), fd, data, size)
ON_FD(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), fd, data, size, at)
ON_FD(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), fd, data, size, at)
ON_FD(int, ftruncate, (int fd, off_t size), fd, size)
ON_FD(int, ftruncate64, (int fd, off64_t size), fd, size)

#define ON_PATH(name, parameters, ...) \
    int name parameters \
    { \
        REAL(name); \
        return path_refused(path) ? -1 : real(__VA_ARGS__); \
    }

ON_PATH(rename, (const char *path, const char *to), path, to)
ON_PATH(link, (const char *path, const char *to), path, to)
ON_PATH(unlink, (const char *path), path)
ON_PATH(rmdir, (const char *path), path)
ON_PATH(mkdir, (const char *path, mode_t mode), path, mode)

/* fsync of what is on a read-only disk succeeds, but a process can die before it. */
#define SYNC(name) \
    int name(int fd) \
    { \
        REAL(name); \
        return fd_refused(fd) && page->refuse != EROFS ? -1 : real(fd); \
    }

SYNC(fsync)
SYNC(fdatasync)

int clock_gettime(clockid_t which, struct timespec *now)
{
    REAL(clock_gettime);
    int result = real(which, now);
    if (page && which == CLOCK_REALTIME)
        now->tv_sec += page->clock;
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone)
{
    (void)zone;
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}
