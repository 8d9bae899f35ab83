#include "pycwt_kernel.h"
#include "pycwt_rows.h"
