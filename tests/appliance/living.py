"""The service under systemd: how it starts, and what it survives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from box import SOCKET

if TYPE_CHECKING:
    from box import Box
    from report import Report

#: From a crash until it serves again (seconds); what was measured elsewhere was 0.9.
CRASH_SECONDS = 10.0
WATCHDOG_SECONDS = 3
#: Beyond the watchdog's own time.
HANG_SECONDS = 10.0


def check_start(box: Box, report: Report) -> None:
    """By a client that comes."""
    with report.check("it runs after the installation, and has said READY"):
        assert box.show("pycwtd.service", "ActiveState") == "active"
        report.note(f"status: {box.show('pycwtd.service', 'StatusText')}")
        box.answer()
    with report.check("it starts by socket activation"):
        box("systemctl stop pycwtd.service")
        assert box.show("pycwtd.service", "ActiveState") == "inactive"
        assert box.show("pycwtd.socket", "SubState") == "listening"
        report.note(f"answered after {box.answer():.2f} s")
        assert box.show("pycwtd.service", "ActiveState") == "active"
    with report.check("who isn't in its group can't open the socket"):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        curl = ("curl", "-sS", "--unix-socket", SOCKET, "http://localhost/health")
        ran = box.run([*nobody, *curl], check=False)
        assert ran.returncode == 7, ran.stderr
        ran = box.run([*nobody, "pycwtctl", "--socket", SOCKET, "health"], check=False)
        assert ran.returncode == 3, ran.stderr
        assert "you have no permission for it" in ran.stderr, ran.stderr
    with report.check("the daemon has no network, no devices and no capabilities"):
        pid = box.show("pycwtd.service", "MainPID")
        mine, here = (box(["readlink", f"/proc/{one}/ns/net"]) for one in (pid, 1))
        assert mine != here, "it has the machine's network"
        status = box(f"grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/{pid}/status")
        words = dict(line.split(":\t") for line in status.splitlines())
        assert words == {
            "CapEff": "0" * 16,
            "CapBnd": "0" * 16,
            "NoNewPrivs": "1",
            "Seccomp": "2",
        }, words


def reference(box: Box, realisations: int, report: Report) -> str:
    """The digests of a job that nobody disturbs, computed by a daemon of its own."""
    with report.check("a daemon that nobody disturbs computes the numbers to compare with"):
        socket = "/tmp/reference.sock"
        box(
            "systemd-run --quiet --unit=reference --property=Type=notify"
            f" pycwtd --state-dir /tmp/reference --socket {socket}"
        )
        job = box.submit(realisations, socket)
        box.finish(job, socket)
        digests = box.digests(job, socket)
        box("systemctl stop reference")
        return digests
    return ""


def check_crash(box: Box, realisations: int, digests: str, report: Report) -> str:
    """Returns the job that it was killed with."""
    job = ""
    with report.check("kill -9 with a job running: it serves again"):
        job = box.submit(realisations)
        box.until_computing(job)
        restarts = int(box.show("pycwtd.service", "NRestarts"))
        box("systemctl kill --kill-whom=main --signal=KILL pycwtd.service")
        seconds = box.answer()
        report.note(f"after {seconds:.2f} s")
        assert seconds <= CRASH_SECONDS
        assert int(box.show("pycwtd.service", "NRestarts")) == restarts + 1
    with report.check("… and the job ends with the same numbers"):
        box.finish(job)
        assert box.digests(job) == digests
    return job


def check_crashes(box: Box, report: Report) -> None:
    """The limit on starts that systemd has by default would end it for good."""
    with report.check("ten kills one after the other don't end it"):
        for _ in range(10):
            box("systemctl kill --kill-whom=main --signal=KILL pycwtd.service")
            box.answer()
        assert box.show("pycwtd.service", "ActiveState") == "active"


def check_hang(box: Box, report: Report) -> None:
    """A process that is stopped hangs as one whose loop is blocked."""
    box.write(
        "/etc/systemd/system/pycwtd.service.d/check.conf",
        f"[Service]\nWatchdogSec={WATCHDOG_SECONDS}s\n",
    )
    box("systemctl daemon-reload && systemctl restart pycwtd.service")
    with report.check(f"a hang is found by the watchdog ({WATCHDOG_SECONDS} s here)"):
        box.answer()
        restarts, cursor = int(box.show("pycwtd.service", "NRestarts")), box.cursor()
        box("systemctl kill --kill-whom=main --signal=STOP pycwtd.service")
        seconds = box.answer()
        report.note(f"serves again after {seconds:.2f} s")
        assert seconds <= WATCHDOG_SECONDS + HANG_SECONDS
        box.hear("Watchdog timeout", cursor)
        box.hear("Failed with result 'watchdog'", cursor)
        assert int(box.show("pycwtd.service", "NRestarts")) == restarts + 1
    with report.check("… and where it hung is in the journal"):
        box.hear("Fatal Python error: Aborted", cursor)
    box("rm /etc/systemd/system/pycwtd.service.d/check.conf && systemctl daemon-reload")
    box("systemctl restart pycwtd.service")


def check_reload(box: Box, report: Report) -> None:
    """What needs no restart holds, and what is wrong changes nothing."""
    with report.check("a reload takes a new configuration without a restart"):
        pid, cursor = box.show("pycwtd.service", "MainPID"), box.cursor()
        box.write("/etc/pycwtd/conf.d/check.toml", "[limits]\nsync_seconds = 7\n")
        box("systemctl reload pycwtd.service")
        box.hear("configuration read again; changed: limits.sync_seconds", cursor)
        assert box.show("pycwtd.service", "MainPID") == pid
    with report.check("a reload of a wrong configuration is refused, and the old one stays"):
        cursor = box.cursor()
        box.write("/etc/pycwtd/conf.d/check.toml", "[limits]\nsink_seconds = 7\n")
        box("systemctl reload pycwtd.service")
        box.hear("the new configuration is refused.*sink_seconds", cursor)
        box.answer()
        box("rm /etc/pycwtd/conf.d/check.toml")
        cursor = box.cursor()
        box("systemctl reload pycwtd.service")
        box.hear("configuration read again", cursor)


def check_limits(box: Box, report: Report) -> None:
    """The drop-ins that come with the package, once their settings are no comments."""
    drop_ins = "/etc/systemd/system/pycwtd.service.d"
    with report.check("the drop-ins for cores, memory and boards are taken, and hold"):
        for name in ("resources", "boards"):
            box(f"sed -i.kept 's/^#\\([A-Z][A-Za-z]*=\\)/\\1/' {drop_ins}/{name}.conf")
        box(f"sed -i 's/0-7/0/; s/^MemoryMax=.*/MemoryMax=3G/' {drop_ins}/resources.conf")
        box("systemctl daemon-reload && systemctl restart pycwtd.service")
        box.answer()
        pid = box.show("pycwtd.service", "MainPID")
        assert "Cpus_allowed_list:\t0" in box(f"grep Cpus_allowed_list /proc/{pid}/status")
        assert box.show("pycwtd.service", "MemoryMax") == str(3 * 2**30)
        groups = box(f"grep ^Groups: /proc/{pid}/status")
        assert box("getent group pycwtd-boards | cut -d: -f3") in groups.split()
        told = box.run(["systemd-analyze", "security", "--no-pager", "pycwtd.service"]).stdout
        report.note(told.strip().splitlines()[-1].split("→ ")[-1])
        for name in ("resources", "boards"):
            box(f"mv {drop_ins}/{name}.conf.kept {drop_ins}/{name}.conf")
        box("systemctl daemon-reload && systemctl restart pycwtd.service")


def check_journal(box: Box, report: Report) -> None:
    """The journal's bounds, smaller than the example's so that they are met."""
    with report.check("the journal stays within its bounds, and goes on"):
        box("mkdir -p /var/log/journal /etc/systemd/journald.conf.d")
        there = "/etc/systemd/journald.conf.d/pycwtd.conf"
        box(
            "sed 's/^\\(SystemMaxUse\\)=.*/\\1=16M/; s/^\\(SystemMaxFileSize\\)=.*/\\1=4M/'"
            f" /usr/share/doc/pycwtd/examples/journald.conf > {there}"
        )
        box(f"echo RateLimitBurst=0 >> {there}")
        box("systemctl restart systemd-journald && journalctl --flush")
        box("head -c 24000000 /dev/urandom | base64 -w 1000 | systemd-cat -t filler")
        box("journalctl --sync")
        used = int(box("du -sb /var/log/journal | cut -f1"))
        report.note(f"32 MB written, {used >> 20} MB kept")
        assert 2**20 < used <= 20 * 2**20
        box(f"curl -sS --unix-socket {SOCKET} -H 'X-Request-ID: after' http://localhost/health")
        box.hear("after GET /health", "")
