/* The formulas of the tables: wavelets, and the spectrum of the noise. */
#include "pk_plan.h"

#include <math.h>

#include "pk_math.h"

double pk_wavelet(const pk_plan *plan, double x)
{
    int m = plan->order;
    switch (plan->family) {
    case PK_MORLET:
        return x > 0 ? pk_exp(-0.5 * (x - plan->omega0) * (x - plan->omega0)) : 0;
    case PK_MORSE: {
        if (!(x > 0))
            return 0;
        double log_x = pk_log(x / plan->peak);
        return pk_exp(plan->omega0 * log_x +
                      plan->omega0 / plan->shape * (1 - pk_exp(plan->shape * log_x)));
    }
    case PK_PAUL:
        return x > 0 ? pk_ipow(x / m * pk_exp(1 - x / m), m) : 0;
    default: {
        double root = sqrt((double)m);
        return pk_ipow(x / root * pk_exp(0.5 - 0.5 * x * x / m), m);
    }
    }
}

double pk_spectrum(const pk_plan *plan, int q, int64_t k, int64_t n)
{
    double a = plan->ar1[q], c, s;
    pk_cis(k, n, &c, &s);
    return (1 - a * a) / (1 - 2 * a * c + a * a);
}
