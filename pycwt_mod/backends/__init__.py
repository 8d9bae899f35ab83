"""The driver contract: what every backend takes, gives and declares.

Importing this package imports neither numpy nor any driver, so that the daemon's event loop
can use its types.
"""

from pycwt_mod.backends.backend import (
    HOOKS,
    Availability,
    BackendInfo,
    BackendType,
    BackendUnavailableError,
    Cancelled,
    Control,
    MonteCarloBackend,
    NoControl,
    Reading,
)
from pycwt_mod.backends.choice import choose_backend
from pycwt_mod.backends.manifest import BoardPort, Manifest, ManifestError, load_manifest
from pycwt_mod.backends.registry import (
    InstalledDriver,
    UnknownBackendError,
    driver_in,
    get_backend,
    hookimpl,
    installed_drivers,
    list_backends,
    load_driver,
    register_backend,
)
from pycwt_mod.backends.settings import driver_setting, setting_variable
from pycwt_mod.backends.task import ESTIMATORS, FAMILIES, Estimator, SignificanceTask, check_span
from pycwt_mod.grid import Family

__all__ = [
    "ESTIMATORS",
    "FAMILIES",
    "HOOKS",
    "Availability",
    "BackendInfo",
    "BackendType",
    "BackendUnavailableError",
    "BoardPort",
    "Cancelled",
    "Control",
    "Estimator",
    "Family",
    "InstalledDriver",
    "Manifest",
    "ManifestError",
    "MonteCarloBackend",
    "NoControl",
    "Reading",
    "SignificanceTask",
    "UnknownBackendError",
    "check_span",
    "choose_backend",
    "driver_in",
    "driver_setting",
    "get_backend",
    "hookimpl",
    "installed_drivers",
    "list_backends",
    "load_driver",
    "load_manifest",
    "register_backend",
    "setting_variable",
]
