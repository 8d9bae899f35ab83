"""By Prometheus itself: rules are valid, fire when they should, and do so for a real daemon.

``make test-monitoring`` installs what this needs.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from programs import need
from pycwtd.service.backup import backup
from queries import BACKUP_RULES, RULES, alerts, dashboard, drawn
from support import running
from wires import TCP, add_key

ETC = RULES.parent
CASES = {RULES: ETC / "tests" / "pycwtd.yml", BACKUP_RULES: ETC / "tests" / "backup.yml"}


def promtool(*arguments, cwd=ETC):
    command = [need("promtool", "test-monitoring"), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=60)


def test_the_configuration_is_valid(tmp_path):
    for path in ETC.glob("*.yml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "pycwtd.key").touch()
    told = promtool("check", "config", "prometheus.yml", cwd=tmp_path)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("rules", CASES, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_not_before(rules):
    told = promtool("test", "rules", CASES[rules])
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("rules", CASES, ids=lambda path: path.stem)
def test_every_alert_is_seen_to_fire_and_not_to(rules):
    fires, quiet = set(), set()
    for case in yaml.safe_load(CASES[rules].read_text())["tests"]:
        for one in case["alert_rule_test"]:
            (fires if one["exp_alerts"] else quiet).add(one["alertname"])
    assert fires == quiet == alerts(rules).keys()


def test_every_expression_of_the_dashboard_is_promql(tmp_path):
    rules = [{"record": f"x{i}", "expr": one} for i, one in enumerate(drawn().values())]
    path = tmp_path / "dashboard.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    told = promtool("check", "rules", path)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{len(rules)} rules found" in told.stdout


# -- a real Prometheus and a real daemon ----------------------------------------------------


class Pager(BaseHTTPRequestHandler):
    """What Prometheus takes for its Alertmanager."""

    alerts: queue.Queue[dict[str, str]] = queue.Queue()

    def do_POST(self):
        for one in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
            if "endsAt" in one:
                self.alerts.put(one["labels"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def pager():
    with HTTPServer(("127.0.0.1", 0), Pager) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


#: Nothing is wrong, but it has been scraped.
SCRAPED = {"alert": "Scraped", "expr": "pycwtd_healthy == 1"}


def configured(folder: Path, target: str, pager: int) -> None:
    """Our configuration, quicker, and for this target and this pager."""
    whole = yaml.safe_load((ETC / "prometheus.yml").read_text())
    whole["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    whole["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    pagers = {"static_configs": [{"targets": [f"127.0.0.1:{pager}"]}]}
    whole["alerting"] = {"alertmanagers": [pagers]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(whole))
    rules = yaml.safe_load(RULES.read_text())
    for one in rules["groups"][0]["rules"]:
        if "for" in one:
            one["for"] = "1s"  # nobody waits for minutes here
    rules["groups"][0]["rules"].append(SCRAPED)
    (folder / RULES.name).write_text(yaml.safe_dump(rules))


def until_told(name: str, target: str) -> set[str]:
    """All alerts of a target until there is one of this name."""
    heard = set()
    while name not in heard:
        told = Pager.alerts.get(timeout=60)
        if told.get("instance") == target:
            heard.add(told["alertname"])
    return heard


def test_a_real_daemon_is_scraped_and_its_end_is_told(tmp_path, pager):
    program = need("prometheus", "test-monitoring", slow=True)
    with running("", TCP) as daemon, (tmp_path / "log").open("w") as log:
        target = daemon.url.removeprefix("http://")
        daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
        # Nothing is wrong with it: it has been backed up, too.
        backup(tmp_path / "backups", config=None, state_dir=daemon.state, keep=0)
        configured(tmp_path, target, pager)
        (tmp_path / "pycwtd.key").write_text(add_key(daemon, "prometheus", "viewer")["key"])
        arguments = ["--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        arguments.append("--web.listen-address=127.0.0.1:0")
        with subprocess.Popen([program, *arguments], cwd=tmp_path, stderr=log) as prometheus:
            try:
                assert until_told("Scraped", target) == {"Scraped"}
                daemon.kill()
                assert "PycwtdDown" in until_told("PycwtdDown", target)
            finally:
                prometheus.terminate()


# -- Grafana's own types --------------------------------------------------------------------

#: Enumerations stand as their values in JSON.
_JSON = """
type Json<T> = T extends string ? `${T}` : T extends (infer U)[] ? Json<U>[]
  : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
"""
_RAW = "@grafana/schema/dist/esm/raw"
_KINDS = {"timeseries": "TimeSeries", "stat": "Stat", "state-timeline": "StateTimeline"}


def in_types(whole: dict) -> str:
    """The dashboard as TypeScript that compiles if it is what Grafana's schema says."""
    lines = [
        f'import type {{ Dashboard, Panel, RowPanel }} from "{_RAW}/dashboard/x/'
        'dashboard_types.gen";'
    ]
    lines += [
        f'import type * as {name} from "{_RAW}/composable/{kind.replace("-", "")}/panelcfg/x/'
        f'{name}PanelCfg_types.gen";'
        for kind, name in _KINDS.items()
    ]
    lines.append(_JSON)
    panels = whole.pop("panels")
    lines.append(f"export const whole: Json<Dashboard> = {json.dumps(whole)};")
    for panel in panels:
        number, row = panel["id"], panel["type"] == "row"
        kind = "RowPanel" if row else "Panel"
        lines.append(f"export const panel{number}: Json<{kind}> = {json.dumps(panel)};")
        if row:
            continue
        name = _KINDS[panel["type"]]
        options = json.dumps(panel["options"])
        lines.append(f"export const options{number}: Json<{name}.Options> = {options};")
        custom = json.dumps(panel["fieldConfig"]["defaults"].get("custom", {}))
        if custom != "{}":
            lines.append(f"export const custom{number}: Json<{name}.FieldConfig> = {custom};")
    return "\n".join(lines)


def compiled(whole: dict, folder: Path) -> str:
    """What the compiler has to say of it."""
    here = Path(os.environ.get("GRAFANA_TYPES", ""))
    if not os.environ.get("GRAFANA_TYPES"):
        need("grafana-types", "test-monitoring")
    (folder / "node_modules").symlink_to((here / "node_modules").resolve())
    (folder / "dashboard.ts").write_text(in_types(whole))
    command = [here.resolve() / "node_modules" / ".bin" / "tsc", "--noEmit", "--strict"]
    command += ["--skipLibCheck", "--module", "nodenext", "--target", "es2022", "dashboard.ts"]
    told = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=120
    )
    return told.stdout


def test_the_dashboard_is_what_grafanas_schema_says(tmp_path):
    assert compiled(dashboard(), tmp_path) == ""


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda d: d.update(grphTooltip=1), "grphTooltip"),
        (lambda d: d["panels"][1]["gridPos"].update(h="4"), "number"),
        (lambda d: d["panels"][1]["options"].update(colorMode="loud"), "loud"),
        (lambda d: d["panels"][1]["targets"].append(7), "number"),
    ],
)
def test_the_schema_would_notice(tmp_path, spoil, word):
    whole = dashboard()
    spoil(whole)
    assert word in compiled(whole, tmp_path)
