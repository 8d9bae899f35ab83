"""The table of who may do what: every route has its line here, or brings its role itself.

The daemon doesn't start with a route that has neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pycwtd.access.roles import Role
    from pycwtd.api.context import Operation

#: Bodies of the few calls that need no more than some fields.
_SMALL = 16 * 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """What one route asks of its callers, and what the audit trail calls it."""

    #: The least role; ``none`` is everybody, without a token.
    role: Role
    #: A change of this name is written to the audit trail, where the answer says that there
    #: was one.
    action: str | None = None
    #: Largest body; None takes ``limits.body_bytes``, 0 leaves it to the handler.
    body_bytes: int | None = None


_OPEN = Rule("none")
_READ = Rule("viewer")
#: Of streams.
STREAM = Rule("analyst")
#: Of whatever makes a job; the routes of workloads bring it with them.
SUBMIT = Rule("analyst", "job.submit")
_UPLOAD = Rule("analyst", "data.upload", body_bytes=0)
_TOKEN = Rule("none", body_bytes=_SMALL)
_API = "/api/v1"

RULES: dict[tuple[str, str], Rule] = {
    # What a browser loads before anybody has given it a token; none of it tells of jobs.
    ("GET", "/"): _OPEN,
    ("GET", "/health"): _OPEN,
    ("GET", "/openapi.json"): _OPEN,
    ("GET", f"{_API}/openapi.json"): _OPEN,
    ("GET", "/docs"): _OPEN,
    ("GET", "/redoc"): _OPEN,
    ("GET", "/assets/{name}"): _OPEN,
    ("GET", "/metrics"): _READ,
    ("GET", f"{_API}/health/detailed"): _READ,
    ("GET", f"{_API}/stats"): _READ,
    ("GET", f"{_API}/backends/"): _READ,
    ("GET", f"{_API}/backends/recommend"): _READ,
    ("GET", f"{_API}/backends/{{name}}"): _READ,
    ("GET", f"{_API}/backends/{{name}}/status"): _READ,
    ("GET", f"{_API}/hardware/detect"): _READ,
    ("POST", f"{_API}/devices/{{id}}/self-test"): Rule("operator", "device.self-test"),
    ("POST", f"{_API}/devices/{{id}}/flash"): Rule("operator", "device.flash"),
    ("GET", f"{_API}/devices/"): _READ,
    ("GET", f"{_API}/devices/{{id}}"): _READ,
    ("POST", f"{_API}/devices/{{id}}/drain"): Rule("operator", "device.drain"),
    ("POST", f"{_API}/devices/{{id}}/resume"): Rule("operator", "device.resume"),
    ("POST", f"{_API}/devices/{{id}}/release"): Rule("operator", "device.release"),
    ("POST", f"{_API}/benchmark"): Rule("analyst"),
    ("GET", f"{_API}/workloads/"): _READ,
    ("POST", f"{_API}/jobs/"): SUBMIT,
    ("POST", f"{_API}/jobs/batch"): SUBMIT,
    # Nothing is made, so there is nothing for the audit trail.
    ("POST", f"{_API}/jobs/estimate"): Rule("analyst"),
    ("GET", f"{_API}/jobs/"): _READ,
    ("GET", f"{_API}/jobs/{{id}}"): _READ,
    ("GET", f"{_API}/jobs/{{id}}/chunks"): _READ,
    ("GET", f"{_API}/jobs/{{id}}/levels"): _READ,
    ("GET", f"{_API}/jobs/{{id}}/result"): _READ,
    ("GET", f"{_API}/jobs/{{id}}/result/{{array}}"): _READ,
    # An analyst's own; the handler sees to that.
    ("DELETE", f"{_API}/jobs/{{id}}"): Rule("analyst", "job.cancel"),
    ("POST", f"{_API}/data/upload"): _UPLOAD,
    ("GET", f"{_API}/data/"): _READ,
    ("GET", f"{_API}/data/{{id}}"): _READ,
    ("GET", f"{_API}/data/{{id}}/preview"): _READ,
    ("GET", f"{_API}/data/{{id}}/download"): _READ,
    ("DELETE", f"{_API}/data/{{id}}"): Rule("analyst", "data.delete"),
    ("GET", f"{_API}/events"): _READ,
    ("GET", f"{_API}/logs"): Rule("operator"),
    ("GET", f"{_API}/config"): Rule("operator"),
    ("GET", "/ws/events"): _READ,
    ("GET", "/ws/jobs/{id}"): _READ,
    ("POST", f"{_API}/auth/token"): _TOKEN,
    ("GET", f"{_API}/auth/me"): _READ,
    ("GET", f"{_API}/auth/keys/"): Rule("admin"),
    ("POST", f"{_API}/auth/keys/"): Rule("admin", "key.add", body_bytes=_SMALL),
    ("DELETE", f"{_API}/auth/keys/{{id}}"): Rule("admin", "key.revoke"),
    ("GET", f"{_API}/audit"): Rule("admin"),
}


class NoRuleError(Exception):
    """Routes that nobody has said who may use."""


def rule_of(operation: Operation) -> Rule | None:
    """What a route asks for: what it brings with it, else its line in the table."""
    return operation.rule or RULES.get((operation.method, operation.path))


def rules_of(operations: Iterable[Operation]) -> Mapping[tuple[str, str], Rule]:
    """Rules by method and path, each path with and without its closing slash.

    Raises:
        NoRuleError: a route has none.
    """
    found: dict[tuple[str, str], Rule] = {}
    without = []
    for operation in operations:
        rule = rule_of(operation)
        if rule is None:
            without.append(f"{operation.method} {operation.path}")
            continue
        for method in ("GET", "HEAD") if operation.method == "GET" else (operation.method,):
            for path in {operation.path, operation.path.rstrip("/") or "/"}:
                found[method, path] = rule
    if without:
        raise NoRuleError(f"these routes have no role in permissions.py: {', '.join(without)}")
    return found
