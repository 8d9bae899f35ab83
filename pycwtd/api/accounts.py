"""Keys, tokens and the audit trail over the API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from pycwtd.access.keys import ApiKey, make_key
from pycwtd.access.roles import Role
from pycwtd.api.admission import IDENTITY, failed
from pycwtd.api.answers import answer
from pycwtd.api.audit import witness
from pycwtd.api.context import CONTEXT, rfc3339
from pycwtd.api.problems import Problem, convert, decode
from pycwtd.store import accounts, trail

if TYPE_CHECKING:
    from aiohttp import web

#: RFC 6749, section 5.1: nobody keeps an answer with a secret in it.
_SECRET = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
KeyRole = Literal["viewer", "analyst", "operator", "admin"]


class PasswordForm(Struct):
    """OAuth2's password form (RFC 6749, section 4.3.2): a key's name and the key itself."""

    username: str
    password: str
    grant_type: Literal["password"] = "password"
    scope: str = ""


class AccessToken(Struct):
    """A token that stands for its key for a while."""

    access_token: str
    token_type: Literal["bearer"]
    #: Seconds.
    expires_in: int


class Me(Struct):
    """How the daemon sees whoever asks."""

    identity: str
    role: Role
    address: str


class NewKey(Struct, forbid_unknown_fields=True):
    """A key to be made."""

    #: Whose it is: jobs and audit rows will say ``key:NAME``.
    name: Name
    role: KeyRole = "analyst"
    #: Seconds until it expires; without it, it holds until it is revoked.
    expires_in: Annotated[int, Meta(ge=1, le=10 * 366 * 86400)] | None = None


class KeyView(Struct):
    """A key without its secret."""

    id: str
    name: str
    role: str
    status: Literal["valid", "expired", "revoked"]
    created_at: str
    created_by: str
    expires_at: str | None
    revoked_at: str | None


class KeyMade(KeyView, kw_only=True):
    """A new key, with its secret for the only time."""

    key: str


class KeyList(Struct):
    """All keys, oldest first."""

    keys: list[KeyView]


class AuditQuery(Struct, forbid_unknown_fields=True):
    """Which part of the audit trail."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None


class AuditEntry(Struct):
    """A change that somebody made or was kept from making."""

    seq: int
    time: str
    identity: str
    role: str
    address: str
    action: str
    target: str | None
    outcome: Literal["done", "denied", "failed", "unknown"]
    status: int
    request_id: str
    detail: str | None


class AuditList(Struct):
    """A page of the audit trail, newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None


async def token(request: web.Request) -> web.StreamResponse:
    """Exchange a key for a short-lived token."""
    access = request.app[CONTEXT].access
    try:
        form = convert(dict(await request.post()), PasswordForm)
    except ValueError:
        raise Problem(422, "the body isn't a form", code="invalid_form") from None
    key = access.keys.by_secret(form.password)
    if key is None or key.name != form.username or not key.works(time.time()):
        failed(access.failures, request[IDENTITY].address)
        raise Problem(
            401,
            "username, password: this isn't the name of a valid key, and the key",
            code="invalid_grant",
            headers={"WWW-Authenticate": 'Bearer realm="pycwtd"', **_SECRET},
        )
    return answer(
        AccessToken(access.keys.token(key), "bearer", access.keys.token_seconds), 200, _SECRET
    )


async def me(request: web.Request) -> web.StreamResponse:
    """Who is asking."""
    identity = request[IDENTITY]
    return answer(Me(identity.name, identity.role, identity.address))


async def listing(request: web.Request) -> web.StreamResponse:
    """All keys."""
    rows = await request.app[CONTEXT].store(accounts.keys)
    return answer(KeyList([_view(row) for row in rows]))


async def add(request: web.Request) -> web.StreamResponse:
    """Make a key; the answer is the only place where its secret ever is."""
    context = request.app[CONTEXT]
    new = decode(await request.read(), NewKey)
    key, secret = make_key(new.name, new.role, request[IDENTITY].name, new.expires_in)
    await context.store(accounts.add_key, key, witness(request, 201, key.id))
    context.access.keys.add(key)
    seen = _view(key)
    made = KeyMade(**{name: getattr(seen, name) for name in KeyView.__struct_fields__}, key=secret)
    return answer(made, 201, {"Location": f"/api/v1/auth/keys/{key.id}", **_SECRET})


async def revoke(request: web.Request) -> web.StreamResponse:
    """Shut a key out, and cut off who is connected with it."""
    context = request.app[CONTEXT]
    key_id = request.match_info["id"]
    told = witness(request, 200, key_id)
    key = await context.store(accounts.revoke_key, key_id, time.time(), told)
    if key is None:
        raise Problem(404, f"there is no key {ascii(key_id)[1:-1]}", code="unknown_key")
    context.access.keys.drop(key.id)
    return answer(_view(key))


async def audit(request: web.Request) -> web.StreamResponse:
    """A page of the audit trail, newest first."""
    query = convert(request.query, AuditQuery)
    rows = await request.app[CONTEXT].store(trail.page, query.cursor, query.limit + 1)
    page = rows[: query.limit]
    return answer(
        AuditList(
            entries=[
                AuditEntry(
                    **{
                        name: getattr(row, name)
                        for name in AuditEntry.__struct_fields__
                        if name != "time"
                    },
                    time=rfc3339(row.time) or "",
                )
                for row in page
            ],
            next_cursor=str(page[-1].seq) if len(rows) > query.limit else None,
        )
    )


def _view(key: ApiKey) -> KeyView:
    status: Literal["valid", "expired", "revoked"] = "revoked"
    if key.revoked_at is None:
        status = "valid" if key.works(time.time()) else "expired"
    return KeyView(
        id=key.id,
        name=key.name,
        role=key.role,
        status=status,
        created_at=rfc3339(key.created_at) or "",
        created_by=key.created_by,
        expires_at=rfc3339(key.expires_at),
        revoked_at=rfc3339(key.revoked_at),
    )
