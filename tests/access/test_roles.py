"""Who may do what: the table, every route with every role, and the peers of a Unix socket."""

from __future__ import annotations

import os
import re
from contextlib import closing

import pytest

from pycwtd.access.roles import ROLES, reaches
from pycwtd.api.permissions import NoRuleError, Rule, rule_of, rules_of
from pycwtd.api.routes import operations
from support import red_pair, running
from wires import API, NO_RATE, TCP, add_key, over, peer_socket, tcp

OPERATIONS = operations()
A, B = red_pair()
LONG = {"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 100, "sig": True}
LONG |= {"mc_count": 1_000_000, "estimator": "full"}
NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can connect as somebody else")


def test_every_route_has_a_role_and_one_without_keeps_the_daemon_from_starting():
    assert all(rule_of(operation) for operation in OPERATIONS)
    import dataclasses

    stray = dataclasses.replace(OPERATIONS[0], path="/stray")
    with pytest.raises(NoRuleError, match="GET /stray"):
        rules_of([*OPERATIONS, stray])
    brought = dataclasses.replace(stray, rule=Rule("operator"))
    assert rules_of([*OPERATIONS, brought])["GET", "/stray"].role == "operator"


def test_roles_are_in_order():
    assert [reaches("operator", role) for role in ROLES] == [True, True, True, True, False]


@pytest.fixture(scope="module")
def keyed():
    """A daemon on TCP too, and a key for each role."""
    with running(NO_RATE + "failures_per_minute = 100000\n", TCP, backends=["joblib"]) as daemon:
        keys = {role: add_key(daemon, f"a-{role}", role)["key"] for role in ROLES[1:]}
        yield daemon, keys


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
def test_every_route_lets_in_its_role_and_those_above_it(keyed, operation):
    daemon, keys = keyed
    rule = rule_of(operation)
    path = re.sub(r"\{\w+\}", "x", operation.path)
    for role in ROLES:
        answer = tcp(daemon, operation.method, path, token=keys.get(role))
        if reaches(role, rule.role):
            # The token's own route says 401 to a form without a password: it isn't one.
            assert answer.status not in {401, 403}, (role, answer.body)
            continue
        assert answer.status == (401 if role == "none" else 403)
        problem = answer.json
        assert f"role {rule.role}" in problem["detail"]
        assert answer.headers["Content-Type"] == "application/problem+json"
        if role == "none":
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_analyst_cancels_own_jobs_and_an_operator_all(keyed):
    daemon, keys = keyed
    other = add_key(daemon, "somebody-else")["key"]

    def submit():
        body = {"kind": "wct", "request": LONG}
        return tcp(daemon, "POST", f"{API}/jobs", body, token=keys["analyst"]).json["job_id"]

    mine, another = submit(), submit()
    seen = tcp(daemon, "GET", f"{API}/jobs/{mine}", token=keys["viewer"]).json
    assert seen["owner"] == "key:a-analyst"
    refused = tcp(daemon, "DELETE", f"{API}/jobs/{mine}", token=other)
    assert refused.status == 403
    assert "key:a-analyst's" in refused.json["detail"]
    assert "operator" in refused.json["detail"]
    assert tcp(daemon, "DELETE", f"{API}/jobs/{mine}", token=keys["analyst"]).status == 200
    assert tcp(daemon, "DELETE", f"{API}/jobs/{another}", token=keys["operator"]).status == 200


PEERS = f"""
[access]
others = "OTHERS"
users = {{ 4711 = "admin", {NOBODY} = "analyst", no-such-user = "admin" }}
groups = {{ 4712 = "viewer", 4713 = "operator", no-such-group = "admin" }}
"""


@pytest.fixture(scope="module", params=["viewer", "none"])
def open_to_all(request):
    with running(PEERS.replace("OTHERS", request.param), backends=()) as daemon:
        daemon.root.chmod(0o755)
        daemon.socket.chmod(0o666)
        yield daemon, request.param


@as_root
class TestPeers:
    """The kernel says who connects to a Unix socket."""

    def me(self, daemon, uid, gid, groups=()):
        with closing(peer_socket(daemon.socket, uid, gid, groups)) as connected:
            return over(connected, "GET", f"{API}/auth/me")

    @pytest.mark.parametrize(
        ("uid", "gid", "groups", "role"),
        [
            (4711, 4711, (), "admin"),  # by user
            (NOBODY, 4713, (), "analyst"),  # a user's role goes before the groups'
            (4800, 4712, (), "viewer"),  # by primary group
            (4800, 4800, (4712,), "viewer"),  # by a supplementary one
            (4800, 4712, (4713, 4714), "operator"),  # the best of several
        ],
    )
    def test_by_user_and_group(self, open_to_all, uid, gid, groups, role):
        daemon, _ = open_to_all
        answer = self.me(daemon, uid, gid, groups)
        assert answer.json["identity"] == f"uid:{uid}"
        assert answer.json["role"] == role
        assert re.fullmatch(r"unix:\d+", answer.json["address"])

    def test_others_as_configured(self, open_to_all):
        daemon, others = open_to_all
        answer = self.me(daemon, 4801, 4801)
        if others == "viewer":
            assert answer.json["role"] == "viewer"
        else:
            assert answer.status == 403
            assert answer.json["detail"] == (
                "this needs the role viewer, and uid:4801 has no role here"
            )
        with closing(peer_socket(daemon.socket, 4801, 4801)) as connected:
            assert over(connected, "POST", f"{API}/jobs", {}).status == 403
            assert over(connected, "GET", "/health").status == 200

    def test_a_key_counts_on_the_unix_socket_too(self, open_to_all):
        daemon, _ = open_to_all
        key = add_key(daemon, "by-key", "operator")["key"]
        with closing(peer_socket(daemon.socket, 4801, 4801)) as connected:
            mine = {"Authorization": f"Bearer {key}"}
            assert over(connected, "GET", f"{API}/auth/me", headers=mine).json["role"] == "operator"
            wrong = {"Authorization": "Bearer nothing"}
            # Who shows a wrong one isn't let in as somebody else.
            assert over(connected, "GET", f"{API}/auth/me", headers=wrong).status == 401


def test_root_and_the_daemons_own_user_are_admins(daemon):
    assert daemon.call("GET", f"{API}/auth/me").json["role"] == "admin"


def test_no_token_on_loopback_is_an_analyst():
    with running(NO_RATE, [*TCP, "--auth", "none"], backends=()) as daemon:
        assert tcp(daemon, "GET", f"{API}/auth/me").json["role"] == "analyst"
        assert tcp(daemon, "GET", f"{API}/auth/keys").status == 403
