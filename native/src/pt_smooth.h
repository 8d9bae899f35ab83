/* Symmetric filters along an array of reals. Included by pt_hot.c after pt_vector.h. */

/* Twice as many outputs as points: a filter at each point and one between it and the next, for
 * `count` points in whole runs. */
static void NAME(double_filter)(const REAL *x, const REAL *taps, const REAL *between, int32_t half,
                                REAL *out, int64_t count, vec *room)
{
    enum { POINTS = LANES < 8 ? 4 : LANES / 2 };
    int64_t run = NAME(run)(1, count);
    NAME(deal)(x - half, 1, run, run + 2 * half, NULL, room);
    for (int64_t m = 0; m < run; m += POINTS) {
        vec at[POINTS], behind[POINTS], v[2 * POINTS];
        for (int w = 0; w < POINTS; w += 4) {
            NAME(filter_four)(room + half + m + w, taps, half, 0, at + w);
            NAME(filter_four)(room + half + m + w, between, half, 1, behind + w);
        }
        for (int w = 0; w < POINTS; w++) {
            v[2 * w] = at[w];
            v[2 * w + 1] = behind[w];
        }
        for (int w = 0; w < 2 * POINTS; w += LANES)
            NAME(collect)(v + w, 1, 2 * run, 2 * m + w, NULL, out);
    }
}

/* The same for the points that are left, `room` being room for twice as many. */
static void NAME(double_few)(const REAL *x, const REAL *taps, const REAL *between, int32_t half,
                             REAL *out, int64_t count, REAL *room)
{
    REAL *behind = room + (count + PT_SLACK);
    NAME(filter_few)(x, 1, taps, half, 0, room, count);
    NAME(filter_few)(x, 1, between, half, 1, behind, count);
    for (int64_t i = 0; i < count; i++) {
        out[2 * i] = room[i];
        out[2 * i + 1] = behind[i];
    }
}

static int NAME(smooth)(const REAL *x, const REAL *taps, const REAL *between, int32_t half,
                        int64_t count, REAL *out)
{
    enum { CHUNK = 4 * PT_BLOCK }; /* whole runs */
    size_t room = 2 * (CHUNK + PT_SLACK) / LANES + 2 * (size_t)half + LANES;
    vec *memory = aligned_alloc(sizeof(vec), room * sizeof(vec));
    if (!memory)
        return PT_NO_MEMORY;
    for (int64_t i = 0; i < count; i += CHUNK)
        if (between && count - i >= CHUNK)
            NAME(double_filter)(x + i, taps, between, half, out + 2 * i, CHUNK, memory);
        else if (between)
            NAME(double_few)(x + i, taps, between, half, out + 2 * i, count - i, (REAL *)memory);
        else if (count - i >= CHUNK)
            NAME(filter)(x + i - half, 1, taps, half, NULL, out + i, CHUNK, memory);
        else
            NAME(filter_few)(x + i, 1, taps, half, 0, out + i, count - i);
    free(memory);
    return PT_OK;
}
