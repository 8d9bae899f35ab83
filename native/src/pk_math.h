/* Elementary functions in double precision whose bits don't depend on the machine's libm. */
#ifndef PK_MATH_H
#define PK_MATH_H

#include <stdint.h>

double pk_exp(double x);
/* Natural logarithm of x > 0. */
double pk_log(double x);
/* x^n for n >= 0. */
double pk_ipow(double x, int n);
/* cos and sin of 2 pi num / den, den > 0. */
void pk_cis(int64_t num, int64_t den, double *c, double *s);

/* cos and sin of x, |x| <= pi / 4. */
void pk_cis_radians(double x, double *c, double *s);

/* cos and sin of any x of moderate size. */
void pk_cis_any(double x, double *c, double *s);

#define PK_PI 3.14159265358979323846

#endif
