"""What rules and dashboard ask of Prometheus: every expression, and what it names in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ETC = Path(__file__).parents[1] / "etc"
RULES = ETC / "prometheus" / "pycwtd.rules.yml"
BACKUP_RULES = ETC / "prometheus" / "backup.rules.yml"
DASHBOARD = ETC / "grafana" / "pycwtd.json"

#: PromQL's words that stand where names of metrics do (prometheus.io, "Querying", 2.42).
_WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "offset", "bool"}
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"(?<![\w:$.])([a-zA-Z_:][\w:]*)\b(?!\s*\()\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')


class Selector(NamedTuple):
    """One selector of series: a metric, and ``(label, operator, value)`` of each matcher."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]


def selectors(expression: str) -> list[Selector]:
    """The selectors of an expression."""
    texts: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        texts.append(match[0])
        return f'"{len(texts) - 1}"'

    bare = _GROUPING.sub(" ", _TEXT.sub(put_aside, expression))
    found = []
    for name, inside in _SELECTOR.findall(bare):
        if name in _WORDS:
            continue
        whole = re.sub(r'"(\d+)"', lambda match: texts[int(match[1])], inside)
        found.append(Selector(name, tuple(_MATCHER.findall(whole))))
    return found


def grouped(expression: str) -> set[str]:
    """The labels that an expression groups by."""
    names = ",".join(_GROUPING.findall(expression)).split(",")
    return {name.strip() for name in names if name.strip()}


def alerts(path: Path) -> dict[str, dict[str, Any]]:
    """The alerts of a file of rules."""
    groups = yaml.safe_load(path.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana reads it."""
    return dict(json.loads(DASHBOARD.read_text()))


def drawn() -> dict[str, str]:
    """The expressions of the dashboard, with values for what Grafana puts in."""
    found = {}
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "1m")
            found[f"{panel['title']} {target['refId']}"] = expression.replace("$instance", ".*")
    return found
