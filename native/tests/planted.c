/* Defects on purpose: what the sanitizers must catch, or else a run without reports says nothing. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

int planted_read(int past);
int planted_sum(int term);
int planted_cast(double value);

/* Reads one element past the end of ten when `past` is 10. The compiler isn't to know where the
 * pointer comes from: it would check that by itself. */
int planted_read(int past)
{
    int *volatile memory = calloc(10, sizeof *memory);
    int value = memory ? memory[past] : 0;
    free(memory);
    return value;
}

/* Overflows where `term` is positive. */
int planted_sum(int term)
{
    return INT_MAX + term;
}

/* Leaves the range of the type where `value` does. */
int planted_cast(double value)
{
    return (int32_t)value;
}
