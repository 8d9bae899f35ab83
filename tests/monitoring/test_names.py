"""Rules and dashboard ask for what a running daemon's /metrics has, and the page tells of it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pycwtd.engine import lifecycle
from pycwtd.store.records import Status
from queries import BACKUP_RULES, DASHBOARD, RULES, alerts, dashboard, drawn, grouped, selectors
from support import red_pair

A, _ = red_pair()
OPERATE = (Path(__file__).parents[2] / "docs" / "operate.md").read_text()
EXPRESSIONS = {**{n: one["expr"] for n, one in alerts(RULES).items()}, **drawn()}
#: What Prometheus itself adds: the series of a target, and labels of its place.
SCRAPED = {"up": set()}
PLACE = {"job", "instance"}
#: Values that labels can have, where they are ours to choose.
VALUES = {
    "status of jobs": set(get_args(Status)),
    "state": {
        kind.name for kind in vars(lifecycle).values() if isinstance(getattr(kind, "name", 0), str)
    },
}


@pytest.fixture(scope="module")
def told(daemon):
    """Labels of every sample that a daemon tells which has done something."""
    daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
    daemon.finish(daemon.submit("cwt", {"data": A, "dt": 1.0}))
    answer = daemon.call("GET", "/metrics")
    found = defaultdict(set)
    for family in text_string_to_metric_families(answer.body.decode()):
        for sample in family.samples:
            found[sample.name] |= sample.labels.keys()
    return found


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_asked_for_is_told(told, name):
    expression = EXPRESSIONS[name]
    asked = selectors(expression)
    assert asked, "no series is asked for"
    labels = set()
    for metric, matchers in asked:
        assert metric in told or metric in SCRAPED, metric
        has = told.get(metric, set()) | PLACE
        labels |= has
        assert {label for label, _, _ in matchers} <= has, (metric, matchers)
        for label, operator, value in matchers:
            if operator != "=":
                continue
            if label == "state":
                assert value in VALUES["state"]
            elif label == "status" and not value.isdigit():
                assert value in VALUES["status of jobs"]
    assert grouped(expression) <= labels


@pytest.mark.parametrize("name", alerts(RULES))
def test_what_an_alert_says_has_the_labels_for_it(told, name):
    """A template with a label that isn't there would be a blank in the middle of a night."""
    rule = alerts(RULES)[name]
    used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    left = grouped(rule["expr"])
    if not left:
        left = PLACE.union(*(told.get(metric, set()) for metric, _ in selectors(rule["expr"])))
    assert used <= left


def test_the_page_says_what_to_do_on_each_alert():
    rows = re.findall(r"^\| (`Pycwtd[^|]*)\|", OPERATE, re.MULTILINE)
    described = set(re.findall(r"`(\w+)`", "".join(rows)))
    assert described == alerts(RULES).keys() | alerts(BACKUP_RULES).keys()


def test_the_page_has_every_metric(told):
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told}
    families = {name for name in families if name.startswith("pycwtd_")} - {
        name for name in families if name.endswith("_created")
    }
    assert {name for name in families if f"`{name}`" not in OPERATE} == set()
    named = set(re.findall(r"`(pycwtd_\w+)`", OPERATE))
    assert named <= families


def test_selectors_are_found():
    expression = (
        'sum by (instance, le) (rate(a_b{x=~"/ws/{c}.*", y!="1"}[5m])) / on (job) d unless '
        'd{z="or"} offset 1h > bool 2 and absent(up)'
    )
    assert [(one.metric, one.matchers) for one in selectors(expression)] == [
        ("a_b", (("x", "=~", "/ws/{c}.*"), ("y", "!=", "1"))),
        ("d", ()),
        ("d", (("z", "=", "or"),)),
        ("up", ()),
    ]
    assert grouped(expression) == {"instance", "le", "job"}


def test_the_panels_have_their_places():
    """Grafana moves what overlaps, and a double id or letter hides one of the two."""
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        letters = [target["refId"] for target in panel.get("targets", [])]
        assert len(set(letters)) == len(letters)
        assert panel["type"] == "row" or letters
    titles = [panel["title"] for panel in panels]
    assert len(set(titles)) == len(titles)


def test_the_dashboard_belongs_to_no_one_grafana():
    """Its source of data is chosen when it is imported; ids of one installation aren't in it."""
    text = DASHBOARD.read_text()
    whole = json.loads(text)
    assert "id" not in whole
    names = {one["name"] for one in whole["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval"}
    assert used == names
    uids = set(re.findall(r'"uid": "([^"]*)"', text))
    assert uids == {"${datasource}", "pycwtd"}
