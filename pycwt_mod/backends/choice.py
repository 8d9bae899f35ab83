"""Which backend computes a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwt_mod.backends.backend import BackendUnavailableError
from pycwt_mod.backends.registry import get_backend, list_backends, offered_backends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pycwt_mod.backends.backend import MonteCarloBackend
    from pycwt_mod.backends.task import SignificanceTask

#: What "auto" takes first; after it, any that can compute now.
_PREFERRED = "joblib"


def choose_backend(name: str, task: SignificanceTask) -> MonteCarloBackend:
    """The backend of that name; for "auto" the preferred one, else the first that can compute.

    Args:
        name: of the backend, or "auto".
        task: what it is to compute.

    Raises:
        UnknownBackendError: there is no backend of that name.
        BackendUnavailableError: none can compute now.
        ValueError: the backend of that name can't compute such a task.
    """
    if name != "auto":
        backend = get_backend(name)
        if lack := _lack(backend, task):
            raise ValueError(f"backend {name!r} {lack}")
        return backend
    reasons = []
    for candidate in _candidates():
        backend = get_backend(candidate)
        if lack := _lack(backend, task):
            reasons.append(f"{candidate}: it {lack}")
            continue
        state = backend.probe()
        if state.available:
            return backend
        reasons.append(f"{candidate}: {state.error}")
    raise BackendUnavailableError(
        "no backend can compute a significance; "
        + ("; ".join(reasons) if reasons else "no driver is installed")
    )


def _candidates() -> Iterator[str]:
    """The preferred one, then all others by name, which are looked for when it won't do."""
    if any(info.name == _PREFERRED for info in offered_backends()):
        yield _PREFERRED
    yield from (info.name for info in list_backends() if info.name != _PREFERRED)


def _lack(backend: MonteCarloBackend, task: SignificanceTask) -> str | None:
    """What a backend can't do of a task, None where nothing."""
    info = backend.info
    if task.estimator not in info.estimators:
        return (
            f"doesn't run the estimator {task.estimator!r}: "
            f"pass estimator={info.estimators[0]!r}, or take another backend"
        )
    if task.family not in info.families:
        return f"doesn't run the wavelet {task.family!r}, only {', '.join(info.families)}"
    return None
