/* The angle of complex numbers, and choices lane by lane. Included by pt_hot.c after pt_vector.h. */

PT_INLINE vec NAME(choose)(mask where, vec a, vec b)
{
    return (vec)(((mask)a & where) | ((mask)b & ~where));
}

/* atan(x) / x as a polynomial in x^2 for |x| <= tan(pi / 8): Chebyshev expansions, cut where the
 * error is 2e-10 and 6e-16. */
static const REAL NAME(ATAN)[] = {
#if defined(PT_F64)
    0.9999999999999984, -0.3333333333322662, 0.19999999984156674, -0.14285713171575384,
    0.11111067389605644, -0.09089866830197706, 0.07676465601300506, -0.0650971478337617,
    0.04871159396878613, -0.011584606478433335, -0.049334089495032915, 0.06722314976539658,
#else
    0.9999999993920992f, -0.3333330749340074f, 0.1999821079626346f, -0.1423998289725579f,
    0.10572814328545221f, -0.06033241345539896f,
#endif
};

/* That polynomial. Neighbours are joined, then neighbouring pairs and so on: the processor waits for
 * four products that need each other, not for eleven. */
PT_INLINE vec NAME(polynomial)(vec z)
{
    enum { TERMS = sizeof NAME(ATAN) / sizeof NAME(ATAN)[0] };
    vec part[TERMS];
#pragma GCC unroll 12
    for (int i = 0; i < TERMS; i++)
        part[i] = (vec){0} + NAME(ATAN)[i];
#pragma GCC unroll 4
    for (int left = TERMS; left > 1; left = (left + 1) / 2, z *= z) {
#pragma GCC unroll 6
        for (int i = 0; i < left / 2; i++)
            part[i] = part[2 * i + 1] * z + part[2 * i];
        if (left % 2)
            part[left / 2] = part[left - 1];
    }
    return part[0];
}

/* Angle of x + iy in (-pi, pi]; 0 for 0. */
PT_INLINE vec NAME(angle)(vec x, vec y)
{
    const vec zero = {0};
    const mask sign = (mask)-zero;
    vec ax = (vec)((mask)x & ~sign), ay = (vec)((mask)y & ~sign);
    mask steep = ay > ax;
    vec high = NAME(choose)(steep, ay, ax), low = NAME(choose)(steep, ax, ay);
    mask large = low > high * (REAL)0.41421356237309503; /* tan(pi / 8) */
    vec above = NAME(choose)(large, low - high, low);
    vec below = NAME(choose)(large, low + high, high);
    vec t = above / NAME(choose)(below == zero, zero + 1, below);
    vec z = t * t;
    vec sum = NAME(polynomial)(z);
    sum = sum * t + NAME(choose)(large, zero + (REAL)0.78539816339744831, zero);
    sum = NAME(choose)(steep, (REAL)1.5707963267948966 - sum, sum);
    sum = NAME(choose)(x < zero, (REAL)3.1415926535897932 - sum, sum);
    return NAME(choose)(y < zero, -sum, sum);
}

