"""nginx before the daemon: TLS, HTTP/2, WebSockets, large uploads, rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from box import Box
    from report import Report

_CURL = "curl -sS --cacert /etc/ssl/pycwtd/fullchain.pem --resolve lab.example:443:127.0.0.1"
_URL = "https://lab.example"
_FOLLOW = """
import asyncio, json, socket, ssl, sys
import aiohttp
class Here(aiohttp.abc.AbstractResolver):
    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            dict(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)
        ]
    async def close(self): pass
async def main():
    context = ssl.create_default_context(cafile="/etc/ssl/pycwtd/fullchain.pem")
    headers = {"Authorization": "Bearer " + open("/root/key").read().strip()}
    if sys.argv[2]: headers["Origin"] = sys.argv[2]
    connector = aiohttp.TCPConnector(resolver=Here(), ssl=context)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        try:
            async with session.ws_connect("wss://lab.example/ws/jobs/" + sys.argv[1]) as stream:
                last = None; count = 0
                async for message in stream:
                    last = json.loads(message.data); count += 1
                print(count, last["status"])
        except aiohttp.WSServerHandshakeError as error:
            print("refused", error.status)
asyncio.run(main())
"""


def set_up(box: Box) -> None:
    """As etc/nginx/pycwtd.conf says, with a certificate of the box's own."""
    box(
        "mkdir -p /etc/ssl/pycwtd && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
        " -nodes -days 2 -subj /CN=lab.example -addext subjectAltName=DNS:lab.example"
        " -keyout /etc/ssl/pycwtd/privkey.pem -out /etc/ssl/pycwtd/fullchain.pem 2>&1"
    )
    box("cp /usr/share/doc/pycwtd/examples/nginx/pycwtd.conf /etc/nginx/sites-available/")
    box("ln -sf ../sites-available/pycwtd.conf /etc/nginx/sites-enabled/")
    box("rm -f /etc/nginx/sites-enabled/default")
    box.write("/etc/pycwtd/conf.d/nginx.toml", '[access]\nhosts = ["lab.example"]\n')
    box("systemctl stop pycwtd && systemctl enable --now pycwtd-proxy.socket 2>&1")
    box("systemctl start pycwtd && nginx -t 2>&1 && systemctl restart nginx")
    box("(umask 077; pycwtctl token add alice --role analyst > /root/key)")


def check_proxy(box: Box, report: Report) -> None:
    """From the machine itself: it has no other network."""
    with report.check("nginx takes the configuration, with the proxy socket"):
        set_up(box)
    code = f"{_CURL} -o /dev/null -w '%{{http_code}} %{{http_version}}'"
    with report.check("TLS and HTTP/2 to the daemon; plain HTTP is sent there"):
        assert box(f"{code} --http2 {_URL}/health") == "200 2"
        told = box("curl -sS -i -H 'Host: lab.example' http://127.0.0.1/health")
        assert "308 Permanent" in told, told
        assert "Location: https://lab.example/health" in told
        ran = box.run(["sh", "-c", f"{code} --tls-max 1.1 {_URL}/health"], check=False)
        assert ran.returncode, "TLS 1.1 was taken"
    with report.check("security headers, on refusals too"):
        told = box(f"{_CURL} -i {_URL}/api/v1/jobs").lower()
        assert told.startswith("http/2 401"), told
        for header in (
            "strict-transport-security: max-age=31536000",
            "x-frame-options: deny",
            "x-content-type-options: nosniff",
        ):
            assert header in told, told
        assert "server: nginx\n" in told.replace("\r", ""), told
    with report.check("a token is needed, and grants what it grants; the wrong host is refused"):
        token = '-H "Authorization: Bearer $(cat /root/key)"'
        assert box(f"{code} {token} {_URL}/api/v1/jobs") == "200 2"
        assert box(f"{code} {token} {_URL}/api/v1/audit") == "403 2"
        assert box(f"{code} {token} -H 'Host: evil.example' {_URL}/api/v1/jobs").startswith("4")
    with report.check("the audit trail has the client's address, whatever it claims"):
        box(f"{code} {token} -H 'X-Forwarded-For: 192.0.2.66' -X DELETE {_URL}/api/v1/jobs/none")
        box(f"{code} {token} -H 'X-Forwarded-For: 192.0.2.66' {_URL}/api/v1/audit")
        assert "192.0.2.66" not in box("pycwtctl audit --json")
        assert "127.0.0.1" in box("pycwtctl audit --json")
    _check_socket(box, report)
    _check_streams(box, report)
    _check_sizes(box, code, token, report)
    _check_rates(box, report)


def _check_socket(box: Box, report: Report) -> None:
    with report.check("only nginx can open its socket"):
        path = "/run/pycwtd/proxy.sock"
        assert box(["stat", "-c", "%a %U", path]) == "600 www-data"
        ran = box.run(
            [
                *("setpriv", "--reuid=pycwtd", "--regid=pycwtd", "--clear-groups"),
                *("curl", "-sS", "--unix-socket", path, "http://localhost/health"),
            ],
            check=False,
        )
        assert ran.returncode == 7, ran.stderr
    with report.check("what nginx's own user asks for itself gets it nothing"):
        told = box(
            "setpriv --reuid=www-data --regid=www-data --clear-groups curl -sS -o /dev/null"
            f" -w '%{{http_code}}' --unix-socket {path} http://lab.example/api/v1/jobs"
        )
        assert told == "401", told


def _check_streams(box: Box, report: Report) -> None:
    with report.check("a WebSocket follows a job through the proxy"):
        job = box.submit(40_000)
        told = box(["/opt/pycwtd/bin/python", "-c", _FOLLOW, job, _URL])
        report.note(told)
        assert told.endswith(" completed"), told
        assert int(told.split()[0]) > 1
    with report.check("a foreign page's WebSocket is refused"):
        told = box(["/opt/pycwtd/bin/python", "-c", _FOLLOW, job, "https://evil.example"])
        assert told == "refused 403", told


def _check_sizes(box: Box, code: str, token: str, report: Report) -> None:
    upload = f"{code} {token} -F file=@/root/large.csv {_URL}/api/v1/data/upload"
    with report.check("100 MB are uploaded"):
        # Lines of 26 bytes: 4 million samples.
        box(
            'awk \'BEGIN { print "value"; for (i = 0; i < 4000000; i++)'
            ' printf "%.22f\\n", (i * 7919 % 1000003) / 1000003.0 }\' > /root/large.csv'
        )
        size = int(box("stat -c %s /root/large.csv"))
        report.note(f"{size / 1e6:.0f} MB")
        assert 95e6 < size <= 104857600
        told = box(upload)
        assert told == "200 2", told
    with report.check("what is larger is refused"):
        box("cat /root/large.csv /root/large.csv > /root/larger && mv /root/larger /root/large.csv")
        assert box(f"{upload} || true").startswith("413")
        box("rm /root/large.csv; head -c 70000000 /dev/zero > /root/body")
        told = box(
            f"{code} {token} -H 'Content-Type: application/json' --data-binary @/root/body"
            f" {_URL}/api/v1/jobs || true"
        )
        assert told.startswith("413"), told
        box("rm /root/body")


def _check_rates(box: Box, report: Report) -> None:
    with report.check("more requests than the rate are refused, and the daemon is none the worse"):
        many = f"{_CURL} -Z --parallel-max 20 -o /dev/null '{_URL}/health?[1-600]'"
        codes = box(f"{many} -w '%{{http_code}}\\n' 2>/dev/null | sort | uniq -c || true")
        report.note(" and ".join(" × ".join(line.split()) for line in codes.splitlines()))
        found = {line.split()[1]: int(line.split()[0]) for line in codes.splitlines()}
        assert found["200"] >= 200
        assert found["429"] >= 1
        box.answer()
    with report.check("logrotate turns nginx's log over, and nginx goes on in the new one"):
        box("logrotate -f /etc/logrotate.d/nginx")
        assert box("test -s /var/log/nginx/pycwtd.access.log.1 && echo there") == "there"
        box(f"{_CURL} --retry 5 --retry-all-errors -o /dev/null {_URL}/health")
        box("nginx -s reopen; systemctl reload nginx")
        assert "/health" in box("cat /var/log/nginx/pycwtd.access.log")
