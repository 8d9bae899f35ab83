/* Roots of unity of long FFTs. Included by pt_hot.c. */
#ifndef PT_ROOTS_H
#define PT_ROOTS_H

/* exp(2 pi i k / n), n = 2^bits, as the product of a coarse and a fine one, in double precision. */
typedef struct {
    int64_t n;
    int fine_bits;
    double *fine;   /* k below 2^fine_bits */
    double *coarse; /* multiples of it */
} roots;

static int roots_open(roots *own, int bits)
{
    own->n = (int64_t)1 << bits;
    own->fine_bits = bits / 2;
    int64_t fine = (int64_t)1 << own->fine_bits, coarse = own->n / fine;
    own->fine = malloc(2 * (size_t)(fine + coarse) * sizeof *own->fine);
    if (!own->fine)
        return PT_NO_MEMORY;
    own->coarse = own->fine + 2 * fine;
    double step = 6.283185307179586 / (double)own->n;
    phases_f64(step, 0, fine, own->fine);
    phases_f64(step * (double)fine, 0, coarse, own->coarse);
    return PT_OK;
}

static void roots_close(roots *own)
{
    free(own->fine);
}

/* For any k >= 0. */
PT_INLINE void root(const roots *own, int64_t k, double *re, double *im)
{
    k &= own->n - 1;
    const double *x = own->coarse + 2 * (k >> own->fine_bits);
    const double *y = own->fine + 2 * (k & (((int64_t)1 << own->fine_bits) - 1));
    *re = x[0] * y[0] - x[1] * y[1];
    *im = x[0] * y[1] + x[1] * y[0];
}

static int log2_of(int64_t n)
{
    int bits = 0;
    while ((int64_t)1 << bits < n)
        bits++;
    return bits;
}

#endif
