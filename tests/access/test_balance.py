"""Several boxes behind one nginx: both of etc/nginx, as they are, with two daemons.

``make test-security`` installs nginx and openssl.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from programs import need, nginx
from support import Daemon, free_port, red_pair, running
from wires import API, BEHIND_PROXY, add_key, over

NGINX = Path(__file__).parents[2] / "etc" / "nginx"
NAME = "lab.example"
LOOPBACK = "127.0.0.1"
A, B = red_pair()
REQUEST = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "mc_count": 50, "seed": 3}
LONG = {**REQUEST, "dj": 1 / 12, "mc_count": 3000, "estimator": "full", "backend": "sequential"}
CONFIG = f"""
[engine]
chunk_seconds = 0.05
[access]
hosts = ["lab.example"]
{BEHIND_PROXY}
"""
CLOSE, PING, PONG = 0x88, 0x89, 0x8A
#: Beside what docs/operate.md has each box know of the nginx before it.
BEFORE_BOXES = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;"


def put(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def here(name: str, root: Path, port: int) -> str:
    """A site of etc/nginx, with the places and ports of a test."""
    text = (NGINX / name).read_text()
    text = re.sub(r"server \{\n    listen 80;.*?\n\}\n", "", text, count=1, flags=re.DOTALL)
    return put(
        text,
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("/var/log/nginx/", f"{root}/"),
        ("/etc/ssl/pycwtd/", f"{root.parent}/"),
    )


def certify(folder: Path) -> None:
    """A certificate of the lab's own, which is its authority, too."""
    subprocess.run(
        [
            *(need("openssl", "test-security"), "req", "-x509", "-newkey", "ec", "-nodes"),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "privkey.pem"),
            *("-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "authority.pem").write_bytes((folder / "fullchain.pem").read_bytes())


@dataclass
class Lab:
    folder: Path
    port: int
    boxes: list[Daemon]
    keys: list[str]

    def ask(self, key, method, path, body=None, **headers):
        """A request to the one name, by somebody elsewhere."""
        given = {"Host": NAME, **headers}
        if key:
            given["Authorization"] = f"Bearer {key}"
        with self.wire() as wire:
            return over(wire, method, path, body, given)

    @contextmanager
    def wire(self):
        """A connection to the one name, from elsewhere."""
        there = ("127.0.0.1", self.port)
        context = ssl.create_default_context(cafile=self.folder / "authority.pem")
        with (
            socket.create_connection(there, 60, source_address=("127.0.0.9", 0)) as wire,
            context.wrap_socket(wire, server_hostname=NAME) as secure,
        ):
            yield secure

    def follow(self, key, job_id):
        """What its WebSocket tells of a job."""
        head = f"GET /ws/jobs/{job_id} HTTP/1.1\r\nHost: {NAME}\r\nUpgrade: websocket\r\n"
        head += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        head += f"Sec-WebSocket-Key: {22 * 'A'}==\r\nAuthorization: Bearer {key}\r\n\r\n"
        told = []
        with self.wire() as wire, wire.makefile("rb") as reader:
            wire.sendall(head.encode())
            assert b" 101 " in reader.readline()
            while reader.readline() != b"\r\n":
                pass
            # RFC 6455, section 5.2; nothing here is longer than a frame.
            while (first := reader.read(2))[0] != CLOSE:
                longer = {126: 2, 127: 8}.get(first[1], 0)
                size = int.from_bytes(reader.read(longer), "big") if longer else first[1]
                data = reader.read(size)
                if first[0] == PING:
                    wire.sendall(bytes([PONG, 0x80 | size]) + bytes(4) + data)
                else:
                    told.append(json.loads(data))
        return told


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    need("nginx", "test-security")
    folder = tmp_path_factory.mktemp("lab")
    certify(folder)
    front = free_port()
    site = here("pycwtd-balance.conf", folder / "front", front)
    lines, keys, boxes = "", [], []
    with ExitStack() as stack:
        for number in (1, 2):
            box = stack.enter_context(running(CONFIG, own_socket=False, backends=["joblib"]))
            key = add_key(box, "one" if number == 1 else "other")["key"]
            port = free_port()
            own = here("pycwtd.conf", folder / f"box-{number}", port)
            own = put(own, ("/run/pycwtd/proxy.sock", f"{box.root}/proxy"))
            own = put(own, ("server_tokens off;", f"server_tokens off; {BEFORE_BOXES}"))
            stack.enter_context(nginx(folder / f"box-{number}", own, (LOOPBACK, port)))
            site = put(site, (f"lab-{number}.example:443", f"127.0.0.1:{port}"))
            lines += listed(key.split("_")[1], f"lab-{number}") if number == 2 else ""
            boxes.append(box)
            keys.append(key)
        (folder / "keys.map").write_text(lines)
        site = put(site, ("/etc/nginx/pycwtd-keys.map", f"{folder}/keys.map"))
        stack.enter_context(nginx(folder / "front", site, (LOOPBACK, front)))
        yield Lab(folder, front, boxes, keys)


def listed(key_id: str, box: str) -> str:
    """The line of a key, as the page has one make it."""
    page = (NGINX.parents[1] / "docs" / "operate.md").read_text()
    (command,) = re.findall(r"^(echo .*) >> /etc/nginx/pycwtd-keys\.map$", page, re.MULTILINE)
    script = f"id={key_id} box={box}; {command}"
    return subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout


def test_every_key_has_its_box_with_its_jobs_and_nobody_elses(lab):
    found = []
    for box, key in zip(lab.boxes, lab.keys, strict=True):
        answer = lab.ask(key, "POST", f"{API}/jobs", {"kind": "wct", "request": REQUEST})
        assert answer.status == 202, answer.body
        found.append(answer.json["job_id"])
        assert lab.follow(key, found[-1])[-1]["status"] == "completed"
        assert lab.ask(key, "GET", f"{API}/jobs/{found[-1]}/result?format=npz").status == 200
        assert [job["job_id"] for job in box.call("GET", f"{API}/jobs").json["jobs"]] == found[-1:]
    assert lab.ask(lab.keys[0], "GET", f"{API}/jobs/{found[1]}").status == 404
    assert lab.ask(None, "GET", f"{API}/jobs").status == 401
    assert lab.ask(None, "GET", "/metrics").status == 404


@pytest.mark.parametrize("number", [0, 1])
def test_a_token_goes_where_its_key_goes(lab, number):
    form = f"username={('one', 'other')[number]}&password={lab.keys[number]}".encode()
    media = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = lab.ask(lab.keys[number], "POST", f"{API}/auth/token", form, **media)
    assert answer.status == 200, answer.body
    me = lab.ask(answer.json["access_token"], "GET", f"{API}/auth/me").json
    assert me["identity"] == ("key:one", "key:other")[number]
    # The address is the client's, past both of the proxies and whatever it claims.
    assert me["address"] == "127.0.0.9"
    claimed = {"X-Forwarded-For": "192.0.2.66"}
    again = lab.ask(lab.keys[number], "GET", f"{API}/auth/me", **claimed).json
    assert again["address"] == "127.0.0.9"


def test_an_upload_goes_through_and_stays_on_its_box(lab):
    data = b"value\n" + b"1.5\n2.25\n" * 500_000
    mark = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    media = {"Content-Type": "multipart/form-data; boundary=b"}
    body = mark + data + b"\r\n--b--\r\n"
    answer = lab.ask(lab.keys[1], "POST", f"{API}/data/upload", body, **media)
    assert answer.status == 200, answer.body
    where = f"{API}/data/{answer.json['data_id']}"
    assert lab.ask(lab.keys[1], "GET", f"{where}/download").body == data
    assert lab.boxes[1].call("GET", where).status == 200
    assert lab.boxes[0].call("GET", where).status == 404


def test_the_jobs_of_a_dead_box_wait_there_and_the_others_go_on(lab):
    one, other = lab.keys
    answer = lab.ask(other, "POST", f"{API}/jobs", {"kind": "wct", "request": LONG})
    job_id = answer.json["job_id"]
    box = lab.boxes[1]
    box.until(job_id, lambda job: job["realisations_done"] > 0)
    jobs_of_one = lab.ask(one, "GET", f"{API}/jobs").json
    box.kill()
    for method, path, body in (
        ("GET", f"{API}/jobs/{job_id}", None),
        ("POST", f"{API}/jobs", {"kind": "wct", "request": REQUEST}),
        ("DELETE", f"{API}/jobs/{job_id}", None),
    ):
        away = lab.ask(other, method, path, body)
        assert away.status == 503
        assert away.headers["Retry-After"] == "10"
        assert away.headers["Content-Type"] == "application/problem+json"
        assert away.json["error"]["code"] == "box_away"
    # Nothing of it went to the other box, which works.
    assert lab.ask(one, "GET", f"{API}/jobs").json == jobs_of_one
    done = lab.ask(one, "POST", f"{API}/wavelet/cwt", {"data": A, "dt": 1.0})
    assert done.status == 200
    box.start()
    assert lab.follow(other, job_id)[-1]["status"] == "completed"
    mine = [job["job_id"] for job in lab.ask(other, "GET", f"{API}/jobs").json["jobs"]]
    assert mine.count(job_id) == 1
    assert len(mine) == 2


def test_a_box_that_is_known_by_another_name_gets_no_key(lab, tmp_path_factory):
    """Somebody who has taken a box's address has no certificate of the lab's."""
    folder = tmp_path_factory.mktemp("thief")
    certify(folder)
    port, front = free_port(), free_port()
    thief = "server {{ listen 127.0.0.1:{0} ssl; ssl_certificate {1}/fullchain.pem; "
    thief += 'ssl_certificate_key {1}/privkey.pem; access_log {1}/seen; return 200 "thanks"; }}'
    site = here("pycwtd-balance.conf", lab.folder / "misled", front)
    site = put(site, ("lab-1.example:443", f"127.0.0.1:{port}"))
    site = put(site, ("lab-2.example:443", "127.0.0.1:9"))
    site = put(site, ("include /etc/nginx/pycwtd-keys.map;", ""))
    with (
        nginx(folder / "box", thief.format(port, folder), (LOOPBACK, port)),
        nginx(lab.folder / "misled", site, (LOOPBACK, front)),
    ):
        misled = Lab(lab.folder, front, [], [])
        assert misled.ask(lab.keys[0], "GET", f"{API}/jobs").status == 503
    assert (folder / "seen").read_text() == ""
