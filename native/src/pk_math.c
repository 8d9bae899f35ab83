#include "pk_math.h"

#include <math.h>

/* ln 2 in two parts, so that k * high is exact for every exponent k (Cody & Waite). */
static const double LN2_HIGH = 0x1.62e42fee00000p-1;
static const double LN2_LOW = 0x1.a39ef35793c76p-33;

double pk_exp(double x)
{
    if (x < -700.0)
        return 0.0;
    double k = floor(x * 1.4426950408889634 + 0.5);
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    /* Taylor, even and odd terms apart: |r| <= ln2 / 2, the first one left out is below 2^-53. */
    double r2 = r * r, even = 1.0, odd = 1.0;
#pragma GCC unroll 7
    for (int i = 7; i > 0; i--) {
        even = 1.0 + even * (r2 * (1.0 / ((2 * i) * (2 * i - 1))));
        if (i < 7)
            odd = 1.0 + odd * (r2 * (1.0 / ((2 * i) * (2 * i + 1))));
    }
    if (k > 1023)
        return HUGE_VAL;
    /* 2^k by its bits: k >= -1010. */
    union {
        uint64_t bits;
        double value;
    } power = {.bits = (uint64_t)((int64_t)k + 1023) << 52};
    return (even + r * odd) * power.value;
}

double pk_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    /* ln m = 2 artanh f; |f| < 0.172, the first term left out is below 2^-60. */
    double f = (m - 1) / (m + 1), f2 = f * f, sum = 0;
    for (int i = 25; i > 1; i -= 2)
        sum = (sum + 1.0 / i) * f2;
    return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * f * (1 + sum));
}

double pk_ipow(double x, int n)
{
    double y = 1.0;
    for (; n > 0; n >>= 1, x *= x)
        if (n & 1)
            y *= x;
    return y;
}

void pk_cis_radians(double x, double *c, double *s)
{
    double x2 = x * x, cp = 1.0, sp = 1.0;
#pragma GCC unroll 9
    for (int i = 9; i > 0; i--) {
        cp = 1.0 - cp * (x2 * (1.0 / ((2 * i) * (2 * i - 1))));
        sp = 1.0 - sp * (x2 * (1.0 / ((2 * i) * (2 * i + 1))));
    }
    *c = cp;
    *s = sp * x;
}

void pk_cis_any(double x, double *c, double *s)
{
    /* pi / 2 in two parts, so that k * high is exact for k below 2^20. */
    const double high = 0x1.921fb544p+0, low = 0x1.0b4611a626331p-34;
    double k = floor(x * (2 / PK_PI) + 0.5), a, b;
    pk_cis_radians((x - k * high) - k * low, &a, &b);
    switch ((int64_t)k & 3) {
    case 0: *c = a, *s = b; break;
    case 1: *c = -b, *s = a; break;
    case 2: *c = -a, *s = -b; break;
    default: *c = b, *s = -a; break;
    }
}

void pk_cis(int64_t num, int64_t den, double *c, double *s)
{
    num %= den;
    if (num < 0)
        num += den;
    /* Eighths of a turn are split off in integers, so the symmetries hold to the last bit. */
    int64_t eighth = (8 * num) / den, rest = 8 * num - eighth * den;
    int flip = (int)(eighth & 1);
    double t = (double)(flip ? den - rest : rest) / (double)den * (PK_PI / 4);
    double cp, sp;
    pk_cis_radians(t, &cp, &sp);
    double a = flip ? sp : cp, b = flip ? cp : sp;
    switch (eighth / 2) {
    case 0: *c = a, *s = b; break;
    case 1: *c = -b, *s = a; break;
    case 2: *c = -a, *s = -b; break;
    default: *c = b, *s = -a; break;
    }
}
