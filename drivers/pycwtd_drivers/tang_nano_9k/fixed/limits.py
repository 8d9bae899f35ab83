"""What the gateware has room for, and its number formats: ``fpga_gateware/rtl/version.svh``."""

from __future__ import annotations

#: Numerics class; its number is in the gateware's HELLO, too.
NUMERICS_VERSION = 1
NUMERICS = f"fixed-fpga-{NUMERICS_VERSION}"

#: Filter lanes of the usual build.
LANES = 2
#: Samples of a series; above the half of them the noise of the next one waits for the filters.
MAX_LENGTH = 1024
#: Scales of a configuration.
MAX_SCALES = 32
#: Places that the ring of products holds, all scales together; at most 64 of a scale.
RING = 1024
#: Rows and bins of the histogram.
MAX_ROWS, BINS = 40, 128
#: Taps of a lane.
MAX_TAPS = 1024
#: Words of the smoothing windows.
MAX_WINDOWS = 512
#: Weights of the smoothing over scales.
MAX_WEIGHTS = 32
#: The last value of a bin.
LARGEST_COUNT = (1 << 18) - 1

#: Samples lie within ± this.
SAMPLE_LIMIT = (1 << 16) - 1
#: Taps are words of 16 bits; the sizes of a filter's real or imaginary parts sum up to less.
TAP_LIMIT, TAP_SUM = (1 << 15) - 1, (1 << 17) - 1
#: Digits that a coefficient drops of the filter's sum.
FILTER_SHIFT = 16
#: Products lie within ± this.
PRODUCT_LIMIT = (1 << 17) - 1
#: Digits that products drop, at most.
MAX_SHIFT = 15
#: Digits of windows and of weights over scales.
WINDOW_BITS, WEIGHT_SUM = 16, (1 << 17) - 1
#: Digits after the point of lag-1 coefficients and of gains.
LAG_BITS, GAIN_BITS = 17, 7
#: A word of noise: the sum of its eight nibbles, minus their mean; variance 8·(16² − 1)/12.
NOISE_MEAN, NOISE_VARIANCE = 60, 170
