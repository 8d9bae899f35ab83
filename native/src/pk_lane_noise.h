/* Noise: Threefry2x32-20 counters, Box-Muller, AR(1). Included by pk_hot.c alone. */
#ifndef PK_LANE_NOISE_H
#define PK_LANE_NOISE_H

#include "pk_lane.h"
#include "pk_threefry.h"

PK_INLINE void threefry(vu k0, vu k1, vu *x0, vu *x1)
{
    vu keys[3] = {k0, k1, k0 ^ k1 ^ PK_THREEFRY_PARITY};
    vu a = *x0 + k0, b = *x1 + k1;
#pragma GCC unroll 20
    for (int round = 0; round < 20; round++) {
        int turn = PK_THREEFRY_TURNS[round % 8];
        a += b;
        b = ((b << turn) | (b >> (32 - turn))) ^ a;
        if (round % 4 == 3) {
            int inject = round / 4 + 1;
            a += keys[inject % 3];
            b += keys[(inject + 1) % 3] + (uint32_t)inject;
        }
    }
    *x0 = a;
    *x1 = b;
}

/* (w + 0.5), rounded once: both halves of the word are exact. */
PK_INLINE vf word_and_half(vu w)
{
    vf high = __builtin_convertvector((vi)(w >> 16), vf);
    vf low = __builtin_convertvector((vi)(w & 0xffff), vf);
    return high * 65536.0f + (low + 0.5f);
}

/* ln((w + 0.5) / 2^32). The polynomial is the minimax one of the Cephes library (Moshier 1989)
 * for ln(1 + f), sqrt(1/2) <= 1 + f < sqrt 2. */
PK_INLINE vf log_uniform(vu w)
{
    vf u = word_and_half(w) * 0x1p-32f;
    vi bits = (vi)u;
    vi exponent = (bits - 0x3f3504f3) >> 23;
    vf f = (vf)(bits - (exponent << 23)) - 1.0f;
    /* Close to one, u has lost the digits of 1 - u that the small radii live on. */
    f = choose(exponent == 0, word_and_half(~w) * -0x1p-32f, f);
    vf z = f * f;
    vf p = splat(7.0376836292e-2f);
    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    vf tail = f * z * p - 0.5f * z;
    return (tail + f) + __builtin_convertvector(exponent, vf) * 0.693147180559945f;
}

/* cos and sin of 2 pi w / 2^32: whole quarters by integers, the rest by Cephes' polynomials. */
PK_INLINE void cis_uniform(vu w, vf *c, vf *s)
{
    vu quarter = (w + 0x20000000u) >> 30;
    vf t = __builtin_convertvector((vi)(w - (quarter << 30)), vf) * 1.46291807926715968e-9f;
    vf t2 = t * t;
    vf sn = t + t * t2 * (-1.6666654611e-1f + t2 * (8.3321608736e-3f - 1.9515295891e-4f * t2));
    vf cs = 2.443315711809948e-5f * t2 - 1.388731625493765e-3f;
    cs = (cs * t2 + 4.166664568298827e-2f) * t2 * t2 - 0.5f * t2 + 1.0f;
    vi odd = -(vi)(quarter & 1);
    vu c_sign = ((quarter + 1) & 2) << 30, s_sign = (quarter & 2) << 30;
    *c = (vf)((vu)choose(odd, sn, cs) ^ c_sign);
    *s = (vf)((vu)choose(odd, cs, sn) ^ s_sign);
}

/* Two normal variates for each realisation first ... first + lanes - 1 at time t. */
PK_INLINE void normal_pair(vu k0, vu k1, vu realisation, uint32_t t, vf *z1, vf *z2)
{
    vu w0 = realisation, w1 = (vu){0} + t;
    threefry(k0, k1, &w0, &w1);
    vf radius = root(-2.0f * log_uniform(w0)), c, s;
    cis_uniform(w1, &c, &s);
    *z1 = radius * c;
    *z2 = radius * s;
}

/* Series from outside as real and imaginary part of z, their mean removed. Lanes without a series
 * repeat the first: what they give isn't counted. */
static void given_series(const pk_plan *plan, const pk_block *block, cplx *restrict z)
{
    double sum1[PK_LANES] = {0}, sum2[PK_LANES] = {0};
    for (int l = 0; l < PK_LANES; l++) {
        size_t start = (l < block->given ? (size_t)l : 0) * (size_t)plan->length;
        for (int32_t t = 0; t < plan->length; t++) {
            sum1[l] += (double)(z[t].r[l] = block->x1[start + (size_t)t]);
            sum2[l] += (double)(z[t].i[l] = block->x2[start + (size_t)t]);
        }
    }
    vf mean1, mean2;
    for (int l = 0; l < PK_LANES; l++) {
        mean1[l] = (float)(sum1[l] / plan->length);
        mean2[l] = (float)(sum2[l] / plan->length);
    }
    for (int32_t t = 0; t < plan->length; t++) {
        z[t].r -= mean1;
        z[t].i -= mean2;
    }
}

/* AR(1) noise as real and imaginary part of z[0 ... length - 1], unit variance, mean removed. */
static void noise(const pk_plan *plan, const pk_block *block, cplx *restrict z)
{
    vu realisation = (vu){0} + (uint32_t)block->first;
    for (int l = 0; l < PK_LANES; l++)
        realisation[l] += (uint32_t)l;
    vu k0 = (vu){0} + (uint32_t)block->seed, k1 = (vu){0} + (uint32_t)(block->seed >> 32);
    vf sign1 = splat(plan->sign[0]), sign2 = splat(plan->sign[1]);
    vf loss1 = splat(plan->loss[0]), loss2 = splat(plan->loss[1]);
    vf gain1 = splat(plan->gain[0]), gain2 = splat(plan->gain[1]);
    vf x1, x2, sum1 = {0}, sum2 = {0};
    normal_pair(k0, k1, realisation, plan->stream, &x1, &x2);
    for (int32_t t = 0; t < plan->length;) {
        /* Sums of sums: a single one would lose digits over a long series. */
        vf part1 = {0}, part2 = {0};
        int32_t end = plan->length - t > 256 ? t + 256 : plan->length;
        for (; t < end; t++) {
            if (t) {
                vf z1, z2;
                normal_pair(k0, k1, realisation, (uint32_t)t | plan->stream, &z1, &z2);
                x1 = sign1 * (x1 - loss1 * x1) + gain1 * z1;
                x2 = sign2 * (x2 - loss2 * x2) + gain2 * z2;
            }
            z[t] = (cplx){x1, x2};
            part1 += x1;
            part2 += x2;
        }
        sum1 += part1;
        sum2 += part2;
    }
    vf mean1 = sum1 / (float)plan->length, mean2 = sum2 / (float)plan->length;
    for (int32_t t = 0; t < plan->length; t++) {
        z[t].r -= mean1;
        z[t].i -= mean2;
    }
}

PK_INLINE void pair_of_series(const pk_plan *plan, const pk_block *block, cplx *restrict z)
{
    if (block->x1)
        given_series(plan, block, z);
    else
        noise(plan, block, z);
}

#endif
