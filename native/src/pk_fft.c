#include "pk_plan.h"

#include <stdlib.h>
#include <string.h>

#include "pk_math.h"

/* Radices 3 first, where the stride is short, then 4, one 2 at the end where it is needed. */
static int factor(pk_fft *fft)
{
    int32_t rest = fft->n;
    while (rest % 3 == 0)
        fft->radix[fft->stages++] = 3, rest /= 3;
    while (rest % 4 == 0)
        fft->radix[fft->stages++] = 4, rest /= 4;
    if (rest == 2)
        fft->radix[fft->stages++] = 2, rest = 1;
    return rest == 1 ? PK_OK : PK_INVALID;
}

int pk_fft_init(pk_fft *fft, int32_t n)
{
    memset(fft, 0, sizeof *fft);
    fft->n = n;
    int code = factor(fft);
    if (code)
        return code;
    int32_t sub = n;
    for (int stage = 0; stage < fft->stages; stage++) {
        int32_t r = fft->radix[stage], m = sub / r;
        float *w = malloc((size_t)m * (size_t)(r - 1) * 2 * sizeof *w);
        if (!w)
            return PK_NO_MEMORY;
        fft->twiddle[stage] = w;
        for (int32_t p = 0; p < m; p++)
            for (int32_t j = 1; j < r; j++) {
                double c, s;
                pk_cis(-(int64_t)p * j, sub, &c, &s);
                *w++ = (float)c;
                *w++ = (float)s;
            }
        sub = m;
    }
    return PK_OK;
}

void pk_fft_free(pk_fft *fft)
{
    for (int stage = 0; stage < PK_MAX_STAGES; stage++)
        free(fft->twiddle[stage]);
}
