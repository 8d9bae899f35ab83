"""The configuration of access and of the limits that protect the daemon from its clients."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from pycwtd.access.roles import Role

Seconds = Annotated[float, Meta(gt=0, le=86400)]


class AccessConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """Who may do what."""

    #: User name or id → role, on Unix sockets. Root and the daemon's own user are admins.
    users: dict[str, Role] = field(default_factory=dict)
    #: Group name or id → role of its members, on Unix sockets.
    groups: dict[str, Role] = field(default_factory=lambda: {"pycwtd-operators": "operator"})
    #: Everyone else whom the socket's permissions let in.
    others: Literal["none", "viewer"] = "viewer"
    #: Who comes to a loopback listener with ``auth = "none"``.
    loopback: Role = "analyst"
    #: Life of a token that a key is exchanged for.
    token_seconds: Annotated[int, Meta(ge=1, le=86400)] = 900
    #: Whether the file ``token`` in the state directory lets its reader in as an admin on TCP.
    state_token: bool = True
    #: Names beside its own under which browsers reach the daemon, as behind a proxy.
    hosts: tuple[str, ...] = ()
    #: Origins of web pages that may call the API, as ``https://lab.example``.
    origins: tuple[Annotated[str, Meta(pattern="^https?://[^/]+$")], ...] = ()
    #: Addresses or networks of proxies whose X-Forwarded-For is believed.
    proxies: tuple[str, ...] = ()
    #: Rows of the audit trail that are kept.
    audit_rows: Annotated[int, Meta(ge=1000)] = 1_000_000


class NetworkConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """What a client may cost before it is told to wait, or cut off."""

    #: A request's head must have arrived after so long, from its first byte or the connection's.
    head_seconds: Seconds = 10.0
    #: A body may take so long, and ``1 / body_rate`` seconds for each byte that has arrived.
    body_seconds: Seconds = 30.0
    #: Bytes a second that a body must come with beyond that.
    body_rate: Annotated[float, Meta(ge=1)] = 16_384.0
    #: A connection without a request is closed after so long.
    idle_seconds: Seconds = 75.0
    #: A client that takes nothing of what is sent to it for so long is cut off.
    send_seconds: Seconds = 30.0
    #: Connections of each listener.
    connections: Annotated[int, Meta(ge=1)] = 400
    #: Connections of each address or user on a listener.
    connections_per_client: Annotated[int, Meta(ge=1)] = 128
    #: Requests of each identity; a rate of 0 is no limit. Admins on the Unix socket have none.
    requests_per_second: Annotated[float, Meta(ge=0)] = 100.0
    #: Requests that an identity may make at once.
    request_burst: Annotated[int, Meta(ge=1)] = 500
    #: Messages of each identity over WebSockets.
    messages_per_second: Annotated[float, Meta(ge=0)] = 500.0
    #: Messages that an identity may send at once.
    message_burst: Annotated[int, Meta(ge=1)] = 1000
    #: Wrong keys and tokens of each address: beyond them, 429 in place of 401.
    failures_per_minute: Annotated[float, Meta(gt=0)] = 30.0
    #: All bodies together that are held in memory at one time.
    bodies_bytes: Annotated[int, Meta(ge=1024)] = 512 * 2**20
    #: Lists and objects inside each other in a JSON body.
    json_depth: Annotated[int, Meta(ge=4, le=200)] = 16
    #: Texts in a JSON body.
    json_texts: Annotated[int, Meta(ge=100)] = 200_000
