"""The operations on keys, tokens and the audit trail."""

from __future__ import annotations

from pycwtd.api import accounts
from pycwtd.api.context import Operation

_API = "/api/v1"

ACCOUNTS: tuple[Operation, ...] = (
    Operation(
        "POST",
        f"{_API}/auth/token",
        accounts.token,
        "Exchange a key for a short-lived token",
        "Access",
        {200: accounts.AccessToken},
        body=accounts.PasswordForm,
        example={"username": "alice", "password": "pycwtd_0123abcd_" + 43 * "x"},
        takes="application/x-www-form-urlencoded",
        errors=(415, 422),
    ),
    Operation("GET", f"{_API}/auth/me", accounts.me, "Who is asking", "Access", {200: accounts.Me}),
    Operation(
        "GET", f"{_API}/auth/keys/", accounts.listing, "All keys", "Access", {200: accounts.KeyList}
    ),
    Operation(
        "POST",
        f"{_API}/auth/keys/",
        accounts.add,
        "Make a key; its secret is in this answer and nowhere else",
        "Access",
        {201: accounts.KeyMade},
        body=accounts.NewKey,
        example={"name": "alice", "role": "analyst", "expires_in": 7_776_000},
        errors=(415, 422, 507),
    ),
    Operation(
        "DELETE",
        f"{_API}/auth/keys/{{id}}",
        accounts.revoke,
        "Revoke a key, and cut off who is connected with it",
        "Access",
        {200: accounts.KeyView},
        errors=(404, 507),
    ),
    Operation(
        "GET",
        f"{_API}/audit",
        accounts.audit,
        "Who changed what, newest first",
        "Access",
        {200: accounts.AuditList},
        query=accounts.AuditQuery,
        errors=(422,),
    ),
)
