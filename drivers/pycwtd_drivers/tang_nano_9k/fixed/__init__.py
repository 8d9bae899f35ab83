"""The gateware's numbers: what a task becomes on the chip, and the same integers in NumPy."""

from pycwtd_drivers.tang_nano_9k.fixed.configuration import Configuration
from pycwtd_drivers.tang_nano_9k.fixed.limits import BINS, MAX_ROWS, NUMERICS, NUMERICS_VERSION
from pycwtd_drivers.tang_nano_9k.fixed.model import histogram
from pycwtd_drivers.tang_nano_9k.fixed.plan import configurations

__all__ = [
    "BINS",
    "MAX_ROWS",
    "NUMERICS",
    "NUMERICS_VERSION",
    "Configuration",
    "configurations",
    "histogram",
]
