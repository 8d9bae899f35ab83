"""Before a request is looked at: from which page, from whom, how often, with which role."""

from __future__ import annotations

import ipaddress
import math
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from pycwtd.access.access import Identity
from pycwtd.access.roles import reaches
from pycwtd.api.context import CONTEXT
from pycwtd.api.guard import connection_of
from pycwtd.api.permissions import Rule
from pycwtd.api.problems import Problem
from pycwtd.config import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycwtd.access.buckets import Buckets
    from pycwtd.access.settings import AccessConfig
    from pycwtd.api.guard import Connection

IDENTITY = web.RequestKey("identity", Identity)
RULES_KEY: web.AppKey[Mapping[tuple[str, str], Rule]] = web.AppKey("rules")
#: Of paths that don't exist: whoever may read may learn so.
_NO_ROUTE = Rule("viewer")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_NOBODY = "anyone"


def rule_for(request: web.Request) -> Rule:
    """The line of the table of permissions that a request falls under."""
    resource = request.match_info.route.resource
    if resource is None:
        return _NO_ROUTE
    return request.app[RULES_KEY].get((request.method, resource.canonical), _NO_ROUTE)


def admit(request: web.Request) -> Identity:
    """Whom the request is from.

    Raises:
        Problem: 401 for a wrong or missing token, 403 where the role isn't enough, 429 where
            they have asked too often.
    """
    context = request.app[CONTEXT]
    connection = connection_of(request)
    identity = _identify(request, connection)
    # Set at once: a refusal's line in the log names whom it refused.
    request[IDENTITY] = identity
    if not identity.unlimited:
        wait = context.access.requests.take(identity_key(identity), time.monotonic())
        if wait:
            raise too_many(wait, "requests")
    needed = rule_for(request).role
    if not reaches(identity.role, needed):
        if identity.name == _NOBODY:
            raise _unauthorised(f"a bearer token is needed, of the role {needed} or more")
        has = f"has the role {identity.role}" if identity.role != "none" else "has no role"
        raise Problem(
            403, f"this needs the role {needed}, and {identity.name} {has} here", code="forbidden"
        )
    return identity


def identity_key(identity: Identity) -> str:
    """Whose bucket a request is taken from: an identity's, else an address's."""
    return f"at:{identity.address}" if identity.name == _NOBODY else identity.name


def may_change(request: web.Request, owner: str) -> None:
    """Let an owner and operators change a thing.

    Raises:
        Problem: 403, it is somebody else's.
    """
    identity = request[IDENTITY]
    if identity.name != owner and not reaches(identity.role, "operator"):
        raise Problem(
            403,
            f"this is {owner}'s: others than its owner need the role operator, and "
            f"{identity.name} has the role {identity.role}",
            code="not_owner",
        )


def too_many(wait: float, what: str) -> Problem:
    """The refusal of one thing too many."""
    seconds = math.ceil(wait)
    return Problem(
        429,
        f"too many {what}; try again in {seconds} s",
        code="rate_limited",
        headers={"Retry-After": str(seconds)},
    )


# -- who ---------------------------------------------------------------------------------


def _identify(request: web.Request, connection: Connection) -> Identity:
    context = request.app[CONTEXT]
    address = _address(request, connection, context.config.access)
    if "Authorization" in request.headers:
        return _by_bearer(request, address)
    wanted = connection.listener.wanted
    if wanted == "none":
        return Identity("loopback", context.config.access.loopback, address)
    if wanted == "peer":
        assert connection.peer
        role = context.access.roles.of(connection.peer)
        return Identity(connection.client, role, address, unlimited=role == "admin")
    return Identity(_NOBODY, "none", address)


def _by_bearer(request: web.Request, address: str) -> Identity:
    access = request.app[CONTEXT].access
    scheme, _, bearer = request.headers["Authorization"].partition(" ")
    key = access.keys.find(bearer.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        request[IDENTITY] = Identity(_NOBODY, "none", address)
        failed(access.failures, address)
        raise _unauthorised("this bearer token is wrong, has expired or has been revoked")
    return Identity(key.identity, key.role, address, key)


def failed(failures: Buckets, address: str) -> None:
    """Count a wrong key or token.

    Raises:
        Problem: 429, there were too many from this address.
    """
    if wait := failures.take(address, time.monotonic()):
        raise too_many(wait, "wrong keys or tokens from this address")


def _unauthorised(reason: str) -> Problem:
    return Problem(
        401,
        f"{reason}: send 'Authorization: Bearer …' with a key that 'pycwtctl token add' made, a "
        "token from /api/v1/auth/token, or what is in the file 'token' in the daemon's state "
        "directory; pycwtctl takes --token-file or PYCWTD_TOKEN",
        code="unauthorized",
        headers={"WWW-Authenticate": 'Bearer realm="pycwtd"'},
    )


def _address(request: web.Request, connection: Connection, access: AccessConfig) -> str:
    """Where the client is; a proxy's word counts where the configuration says so."""
    listener = connection.listener
    if connection.peer is not None:
        here = f"unix:{connection.peer.pid}"
        trusted = listener.proxy
    else:
        here = connection.client
        peer = ipaddress.ip_address(here.partition("%")[0])
        trusted = any(peer in network for network in map(ipaddress.ip_network, access.proxies))
    if not trusted:
        return here
    # The last one is what our proxy has seen; all before it are the client's own words.
    told = ",".join(request.headers.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(told))
    except ValueError:
        return here


# -- from which page ---------------------------------------------------------------------


def check_page(request: web.Request) -> None:
    """See that no foreign page has made a browser send this.

    Raises:
        Problem: 400 or 403 for a wrong Host, 403 for a wrong Origin.
    """
    connection = connection_of(request)
    access = request.app[CONTEXT].config.access
    _check_host(request, connection, access)
    _check_origin(request, connection, access)


def _names(connection: Connection, access: AccessConfig) -> set[str]:
    """The names under which this listener may be spoken to."""
    names = set(access.hosts)
    if connection.peer is not None:
        return names | _LOOPBACK
    assert connection.wire
    address = str(connection.wire.get_extra_info("sockname")[0])
    names |= {connection.listener.host, address}
    return names | _LOOPBACK if is_loopback(address) else names


def _check_host(request: web.Request, connection: Connection, access: AccessConfig) -> None:
    """A web page that rebinds its name to this address carries its own name in Host."""
    given = request.headers.getall("Host", [])
    if len(given) != 1:
        raise Problem(400, "Host: must be given, and once", code="wrong_host")
    try:
        host = urlsplit(f"//{given[0]}").hostname or ""
    except ValueError:
        host = ""
    if host not in _names(connection, access):
        raise Problem(403, f"Host: {given[0]!a} isn't a name of this listener", code="wrong_host")


def _check_origin(request: web.Request, connection: Connection, access: AccessConfig) -> None:
    """A browser says which page a request is from; no other site's page may talk to us."""
    origin = request.headers.get("Origin")
    if origin is None:
        # Browsers leave Origin out of some requests, and then say this.
        site = request.headers.get("Sec-Fetch-Site", "none")
        navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if site in {"cross-site", "same-site"} and not (navigates and request.method == "GET"):
            raise Problem(403, "this request is from another site's page", code="wrong_origin")
        return
    if not _own_origin(origin, request, connection, access):
        raise Problem(403, f"Origin: {origin!a} isn't allowed here", code="wrong_origin")


def _own_origin(
    origin: str, request: web.Request, connection: Connection, access: AccessConfig
) -> bool:
    """Whether a page of this origin may talk to us: our own, or one in the configuration."""
    if origin in access.origins:
        return True
    try:
        parts = urlsplit(origin)
        if parts.netloc and parts.netloc == request.headers["Host"]:
            return True
        if connection.peer is not None or not connection.wire:
            return False
        port = connection.wire.get_extra_info("sockname")[1]
        return (
            parts.hostname in _names(connection, access)
            and (parts.port or {"http": 80, "https": 443}.get(parts.scheme)) == port
        )
    except ValueError:
        return False
