#include "pycwt_kernel.h"
