/* Quantiles of what was counted in equal bins, and how certain they are. */
#include "pk_plan.h"

#include <math.h>

/* A row is summed up in so many blocks at most, before one of them is searched: three quantiles of
 * a row then look at few of its bins. */
enum { BLOCKS = 24 };

/* The counts before each block, and in all; the result is negative where one of them is. Integers
 * are summed as such: exactly, in any order. */
static int64_t sums_of_integers(const int64_t *counts, int64_t bins, int64_t width, double *before)
{
    uint64_t sum = 0;
    int64_t sign = 0;
    for (int64_t first = 0, b = 0; first < bins; first += width, b++) {
        int64_t end = first + width < bins ? first + width : bins;
        for (int64_t i = first; i < end; i++) {
            sum += (uint64_t)counts[i];
            sign |= counts[i];
        }
        before[b + 1] = (double)sum;
    }
    return sign;
}

/* The same of weighted counts, summed one after the other as the search does it. */
static int64_t sums_of_reals(const double *counts, int64_t bins, int64_t width, double *before)
{
    double sum = 0;
    int64_t sign = 0;
    for (int64_t first = 0, b = 0; first < bins; first += width, b++) {
        int64_t end = first + width < bins ? first + width : bins;
        for (int64_t i = first; i < end; i++) {
            sum += counts[i];
            sign |= -(int64_t)(counts[i] < 0);
        }
        before[b + 1] = sum;
    }
    return sign;
}

/* Where a row reaches `wanted`, in bins, linear within the bin. */
static double reached(const int64_t *integers, const double *reals, int64_t bins, int64_t width,
                      const double *before, double wanted)
{
    int64_t block = 0;
    while ((block + 1) * width < bins && before[block + 1] < wanted)
        block++;
    int64_t at = block * width, end = at + width < bins ? at + width : bins;
    double below = before[block], count;
    for (;; at++) {
        count = integers ? (double)integers[at] : reals[at];
        if (below + count >= wanted || at + 1 == end)
            break;
        below += count;
    }
    double inside = count > 0 ? (wanted - below) / count : 0;
    return (double)at + fmin(fmax(inside, 0), 1);
}

int pk_levels(const int64_t *integers, const double *reals, int64_t rows, int64_t bins,
              double level, const double *independent, double *levels, double *errors)
{
    if (!integers == !reals || rows < 0 || bins < 1 || !(level > 0 && level < 1))
        return PK_INVALID;
    double before[BLOCKS + 1] = {0};
    int64_t width = (bins + BLOCKS - 1) / BLOCKS, last = (bins + width - 1) / width;
    for (int64_t row = 0; row < rows; row++) {
        int64_t sign = integers ? sums_of_integers(integers, bins, width, before)
                                : sums_of_reals(reals, bins, width, before);
        if (sign < 0)
            return PK_INVALID;
        double sum = before[last], n = independent ? independent[row] : sum;
        double spread = sqrt(level * (1 - level) / (n < 1 ? 1 : n));
        double found[3] = {NAN, NAN, NAN};
        double shares[3] = {level, fmin(level + spread, 1), fmax(level - spread, 0)};
        for (int i = 0; i < 3 && sum > 0; i++)
            found[i] = reached(integers, reals, bins, width, before, shares[i] * sum) / (double)bins;
        levels[row] = found[0];
        errors[row] = isnan(n) ? n : (found[1] - found[2]) / 2;
        if (integers)
            integers += bins;
        else
            reals += bins;
    }
    return PK_OK;
}
