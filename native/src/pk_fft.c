#include "pk_plan.h"

#include <stdlib.h>
#include <string.h>

#include "pk_math.h"

/* The radices of one length: an odd one or a 2 first, where the stride is short; then fours, one
 * of them an eight where the power of two is odd. The last one is a 4. */
static int factor(pk_fft *fft)
{
    int32_t rest = fft->n;
    for (uint8_t odd = 5; odd >= 3; odd -= 2)
        if (rest % odd == 0)
            fft->radix[fft->stages++] = odd, rest /= odd;
    int twos = 0;
    for (; rest > 1 && rest % 2 == 0; rest /= 2)
        twos++;
    if (rest != 1 || twos < 2)
        return PK_INVALID;
    if (twos % 2 && twos >= 5)
        fft->radix[fft->stages++] = 8, twos -= 3;
    if (twos % 2)
        fft->radix[fft->stages++] = 2, twos--;
    for (; twos; twos -= 2)
        fft->radix[fft->stages++] = 4;
    return PK_OK;
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
