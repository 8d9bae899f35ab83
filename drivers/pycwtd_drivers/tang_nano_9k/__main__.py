"""``python -m pycwtd_drivers.tang_nano_9k flash``: write the gateware for good; ``probe``: look."""

from __future__ import annotations

import argparse
import sys

from pycwt_mod.backends import BackendUnavailableError
from pycwtd_drivers.tang_nano_9k.driver import TangNano9kBackend, backends


def main() -> None:
    """Do what is asked for, with the settings of the environment."""
    parser = argparse.ArgumentParser(prog="pycwtd_drivers.tang_nano_9k", description=__doc__)
    parser.add_argument("order", choices=["probe", "flash"])
    order = parser.parse_args().order
    backend = backends()[0]
    assert isinstance(backend, TangNano9kBackend)
    if order == "flash":
        try:
            print(f"the board's flash has the gateware {backend.flash()}")
        except BackendUnavailableError as error:
            sys.exit(str(error))
    found = backend.probe()
    print(", ".join(found.devices) or found.error)
    sys.exit(not found.available)


if __name__ == "__main__":
    main()
