#ifndef PK_WINDOW_H
#define PK_WINDOW_H

#include "pk_plan.h"

typedef struct {
    int family, count;
    double per_unit; /* nodes for each unit of x */
    double *table;
} pk_window;

int pk_window_init(pk_window *window, const pk_plan *plan);
void pk_window_free(pk_window *window);
/* The spectrum at x = scale * angular frequency >= 0; one at zero. */
double pk_window_at(const pk_window *window, double x);

#endif
