/* Spectra of the smoothing windows |psi_0|, of unit weight, as functions of scale * frequency.
 *
 * Morlet has a formula; Paul, DOG and Morse are tabulated once for a plan and interpolated. */
#include "pk_window.h"

#include <math.h>
#include <stdlib.h>

#include "pk_math.h"

/* Nodes for each unit of x, and the x where tables end. Paul's spectrum is below 1e-10 there up
 * to order 40; DOG's |W|^2 has no frequencies beyond 2 (sqrt m + 6). */
enum { PER_UNIT = 128, PAUL_END = 64, DOG_END = 40 };

/* Paul: |psi_0| ~ (1 + eta^2)^(-(m+1)/2) has the transform x^nu K_nu(x) / (2^(nu-1) Gamma(nu)),
 * nu = m/2. K_nu(x) is the integral of exp(-x cosh t) cosh(nu t) (DLMF 10.32.9), for which the
 * trapezoidal rule converges exponentially. */
static double paul(int m, double x)
{
    const double step = 0.25;
    double nu = 0.5 * m, sum = 0;
    for (int i = 0; i < 400; i++) {
        double t = i * step, e = pk_exp(t), cosh_t = 0.5 * (e + 1 / e);
        double term = 0.5 * (pk_exp(nu * t - x * cosh_t) + pk_exp(-nu * t - x * cosh_t));
        sum += i ? term : 0.5 * term;
        if (x * cosh_t > nu * t + 45)
            break;
    }
    double gamma = m % 2 ? sqrt(PK_PI) : 1;
    for (double g = m % 2 ? 0.5 : 1; g < nu; g++)
        gamma *= g;
    return pk_ipow(sqrt(x), m) * sum * step / (pk_ipow(2, m / 2) * (m % 2 ? sqrt(2.0) : 1) / 2) /
           gamma;
}

/* Probabilists' Hermite polynomial. */
static double hermite(int m, double eta)
{
    double before = 0, value = 1;
    for (int i = 0; i < m; i++) {
        double next = eta * value - i * before;
        before = value;
        value = next;
    }
    return value;
}

/* Gauss-Legendre, eight points (Abramowitz & Stegun, table 25.4). */
static const double NODE[4] = {0.183434642495649805, 0.525532409916328986, 0.796666477413626740,
                               0.960289856497536232};
static const double WEIGHT[4] = {0.362683783378361983, 0.313706645877887287,
                                 0.222381034453374471, 0.101228536290376259};

/* Adds the part of the window between a and b, where it has no kink, to the table. */
static void add_piece(double *table, int count, int m, double a, double b)
{
    for (int i = 0; i < 8; i++) {
        double node = i < 4 ? -NODE[3 - i] : NODE[i - 4];
        double eta = 0.5 * (a + b) + 0.5 * (b - a) * node;
        double mass = 0.5 * (b - a) * WEIGHT[i < 4 ? 3 - i : i - 4] * fabs(hermite(m, eta)) *
                      pk_exp(-0.5 * eta * eta);
        double c, s, re = mass, im = 0;
        pk_cis_radians(eta / PER_UNIT, &c, &s);
        for (int k = 0; k < count; k++) {
            table[k] += re;
            double next = re * c - im * s;
            im = re * s + im * c;
            re = next;
        }
    }
}

/* DOG: |psi_0| ~ |He_m(eta)| exp(-eta^2/2), even, by quadrature between its kinks. */
static void tabulate_dog(double *table, int count, int m)
{
    double end = 2 * sqrt((double)m) + 9, step = 1.0 / 32;
    for (double a = 0; a < end; a += step) {
        double low = a, high = a + step;
        if (hermite(m, low) * hermite(m, high) < 0) {
            for (int i = 0; i < 60; i++) {
                double middle = 0.5 * (low + high);
                *(hermite(m, low) * hermite(m, middle) <= 0 ? &high : &low) = middle;
            }
            add_piece(table, count, m, a, low);
            low = high;
        }
        add_piece(table, count, m, low, a + step);
    }
    for (int k = count - 1; k >= 0; k--)
        table[k] /= table[0];
}

/* Where psi_0(eta) ~ integral of x^beta exp(-x^gamma + i x eta) over x > 0 is summed, for any
 * eta >= 0: on the ray x = exp(u + i theta) the integrand dies off at both ends, and the
 * trapezoidal rule converges as exp(-2 pi theta / step). */
typedef struct {
    int count;
    double *x, *y;   /* nodes, re and im */
    double *re, *im; /* terms; each step of eta turns them */
} contour;

static void set_node(const contour *ray, int i, const pk_plan *plan, double u, double theta)
{
    double q = (plan->omega0 + 1) / plan->shape, c, s, r = pk_exp(u);
    pk_cis_radians(theta, &c, &s);
    ray->x[i] = r * c;
    ray->y[i] = r * s;
    pk_cis_radians(plan->shape * theta, &c, &s);
    double power = pk_exp(plan->shape * u);
    /* Over q^q exp(-q), about what they are at most. */
    double size = pk_exp((plan->omega0 + 1) * u - power * c - q * (pk_log(q) - 1));
    pk_cis_any((plan->omega0 + 1) * theta - power * s, &c, &s);
    ray->re[i] = size * c;
    ray->im[i] = size * s;
}

static int make_contour(contour *ray, const pk_plan *plan)
{
    double beta = plan->omega0, gamma = plan->shape, q = (beta + 1) / gamma, drop = 37 / q, c, s;
    double theta = PK_PI / (8 * gamma), narrow = 1 / sqrt(beta * gamma);
    if (narrow < theta)
        theta = narrow;
    pk_cis_radians(gamma * theta, &c, &s);
    double middle = pk_log(q / c) / gamma, step = 2 * PK_PI * theta / 37;
    double low = middle - (drop + sqrt(2 * drop)) / gamma, high = middle + sqrt(2 * drop) / gamma;
    ray->count = (int)ceil((high - low) / step) + 1;
    ray->x = malloc((size_t)ray->count * 4 * sizeof *ray->x);
    if (!ray->x)
        return PK_NO_MEMORY;
    ray->y = ray->x + ray->count;
    ray->re = ray->y + ray->count;
    ray->im = ray->re + ray->count;
    for (int i = 0; i < ray->count; i++)
        set_node(ray, i, plan, low + i * step, theta);
    return PK_OK;
}

/* |psi_0| at eta = 0; afterwards the terms are those of the next eta, and the nodes the factors
 * exp(i x step) that turn them. */
static void prepare(const contour *ray, double step)
{
    for (int i = 0; i < ray->count; i++) {
        double c, s, size = pk_exp(-step * ray->y[i]);
        pk_cis_any(step * ray->x[i], &c, &s);
        ray->x[i] = size * c;
        ray->y[i] = size * s;
    }
}

static double advance(const contour *ray)
{
    double re = 0, im = 0;
    for (int i = 0; i < ray->count; i++) {
        double a = ray->re[i], b = ray->im[i];
        re += a;
        im += b;
        ray->re[i] = a * ray->x[i] - b * ray->y[i];
        ray->im[i] = a * ray->y[i] + b * ray->x[i];
    }
    return sqrt(re * re + im * im);
}

/* Adds a mass at eta, and as much at -eta, to the table. */
static void add_mass(const pk_window *window, double eta, double mass)
{
    double c, s, re = mass, im = 0;
    pk_cis_any(eta / window->per_unit, &c, &s);
    for (int k = 0; k < window->count; k++) {
        window->table[k] += re;
        double next = re * c - im * s;
        im = re * s + im * c;
        re = next;
    }
}

/* Morse: |psi_0|, even, by the trapezoidal rule; its tail goes as eta^-(beta + 1). */
static int tabulate_morse(pk_window *window, const pk_plan *plan)
{
    double beta = plan->omega0, width = sqrt(beta * plan->shape) / plan->peak;
    double drop = 30 * plan->shape / beta, bound = pk_log(1 + drop + 2 * pk_log(1 + drop));
    double z = sqrt(2 * drop) < bound ? sqrt(2 * drop) : bound;
    double end = plan->peak * pk_exp(z / plan->shape), step = PK_PI / (2 * end);
    window->per_unit = 96 * width;
    window->count = (int)ceil((end + 3 / width) * window->per_unit) + 3;
    window->table = calloc((size_t)window->count, sizeof *window->table);
    contour ray;
    if (!window->table || make_contour(&ray, plan))
        return PK_NO_MEMORY;
    prepare(&ray, step);
    double first = advance(&ray), size = first;
    add_mass(window, 0, first / 2);
    int most = (int)ceil(400 * width / step);
    for (int i = 1; i < most; i++) {
        double next = advance(&ray);
        if (next <= 1e-12 * first)
            break;
        size = next;
        add_mass(window, i * step, size);
        if (i == most - 1)
            window->table[0] += size * (i / beta - 0.5);
    }
    free(ray.x);
    for (int k = window->count - 1; k >= 0; k--)
        window->table[k] /= window->table[0];
    return PK_OK;
}

int pk_window_init(pk_window *window, const pk_plan *plan)
{
    int family = plan->family, order = plan->order;
    *window = (pk_window){.family = family, .per_unit = PER_UNIT};
    if (family == PK_MORLET)
        return PK_OK;
    if (family == PK_MORSE)
        return tabulate_morse(window, plan);
    window->count = (family == PK_PAUL ? PAUL_END : DOG_END) * PER_UNIT + 3;
    window->table = calloc((size_t)window->count, sizeof *window->table);
    if (!window->table)
        return PK_NO_MEMORY;
    if (family == PK_DOG) {
        tabulate_dog(window->table, window->count, order);
        return PK_OK;
    }
    window->table[0] = 1;
    for (int k = 1; k < window->count; k++)
        window->table[k] = paul(order, (double)k / PER_UNIT);
    return PK_OK;
}

void pk_window_free(pk_window *window)
{
    free(window->table);
}

double pk_window_at(const pk_window *window, double x)
{
    if (window->family == PK_MORLET)
        return pk_exp(-0.5 * x * x);
    double at = x * window->per_unit;
    if (at >= window->count - 3)
        return 0;
    /* Cubic through four nodes; one-sided at zero, where Paul's spectrum has a cusp. */
    int first = at < 1 ? 0 : (int)at - 1;
    const double *y = window->table + first;
    double u = at - first;
    return -y[0] * (u - 1) * (u - 2) * (u - 3) / 6 + y[1] * u * (u - 2) * (u - 3) / 2 -
           y[2] * u * (u - 1) * (u - 3) / 2 + y[3] * u * (u - 1) * (u - 2) / 6;
}
