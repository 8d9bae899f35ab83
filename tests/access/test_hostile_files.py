"""Uploads made to burst: refused by what their heads say, before memory is taken for them."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import h5netcdf
import h5py
import numpy as np
import pytest

from support import running
from wires import read_all, unix_socket

#: Of the daemon and of whoever reads the file, each: a bomb has a hundred times as much.
GROWTH = 64 * 2**20
LIMIT = 100_000


@pytest.fixture(scope="module")
def daemon():
    with running(f"[limits]\nupload_samples = {LIMIT}\n", backends=()) as one:
        one.call("GET", "/api/v1/backends/recommend")  # waits until all processes are there
        # What is only loaded with the first file isn't the bomb's.
        for content in (b"1\n2\n", b"[1, 2]", npz(np.arange(3.0)), netcdf4((3,))):
            assert one.upload(content).status == 200
        yield one


def npz(array):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=array)
    return buffer.getvalue()


def netcdf4(shape, chunks=None):
    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        file.dimensions = {f"d{i}": n for i, n in enumerate(shape)}
        file.create_variable("a", tuple(file.dimensions), "f8", chunks=chunks, compression="gzip")
    return buffer.getvalue()


def netcdf3(size):
    """A variable of so many samples, of which none is there (NetCDF classic format)."""

    def name(text):
        return struct.pack(">I", len(text)) + text.ljust((len(text) + 3) // 4 * 4, b"\0")

    head = b"CDF\x01" + struct.pack(">I", 0)
    head += struct.pack(">II", 0x0A, 1) + name(b"t") + struct.pack(">I", size)
    head += struct.pack(">II", 0, 0)
    head += struct.pack(">II", 0x0B, 1) + name(b"a") + struct.pack(">II", 1, 0)
    head += struct.pack(">II", 0, 0) + struct.pack(">III", 6, 8, len(head) + 36)
    return head


def netcdf3_of(variables, samples):
    """Variables that all lie over each other."""
    one = netcdf3(samples)
    begin = one.index(struct.pack(">I", 0x0B))
    entry = one[begin + 8 : -4]
    head = one[: begin + 4] + struct.pack(">I", variables)
    place = struct.pack(">I", begin + 8 + variables * (len(entry) + 4))
    return head + variables * (entry + place) + bytes(8 * samples)


def member(header, kilobytes):
    """An npz whose array has this header, and zeros after it."""
    text = repr(header).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.npy", "w") as file,
    ):
        file.write(head)
        for _ in range(kilobytes // 1024):
            file.write(bytes(2**20))
    return buffer.getvalue()


def no_array(megabytes):
    """numpy gives such members as bytes, all of them."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a", "w") as file,
    ):
        for _ in range(megabytes):
            file.write(bytes(2**20))
    return buffer.getvalue()


def many_members(number):
    """An archive of very many arrays, by a directory that names the same one again and again."""
    one = npz(np.arange(3.0))
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry = one[start:end]
    size = struct.pack("<HHII", number % 65536, number % 65536, number * len(entry), start)
    return one[:start] + number * entry + b"PK\x05\x06" + bytes(4) + size + bytes(2)


def plain(shape):
    return {"descr": "<f8", "fortran_order": False, "shape": shape}


BOMBS = {
    "npz, 200 MB in 200 kB": lambda: member(plain((25_000_000,)), 200_000),
    "npz, ten texts of 400 MB": lambda: member(plain((10,)) | {"descr": "<U100000000"}, 1024),
    "npz, a member that is no array": lambda: no_array(200),
    "npz, a header of terabytes": lambda: member(plain((10**12,)), 1024),
    "npz, a header beyond 64 bits": lambda: member(plain((2**40, 2**40)), 1024),
    "npz, a million members": lambda: many_members(1_000_000),
    "npy, a header of terabytes": lambda: member(plain((10**12,)), 0),
    "NetCDF-4, terabytes of zeros that aren't there": lambda: netcdf4((10**12,), (2**20,)),
    "NetCDF-4, a map of terabytes": lambda: netcdf4((10**6, 10**6), (2**10, 2**10)),
    "NetCDF-3, 16 GB that aren't there": lambda: netcdf3(2**31 - 1),
    "NetCDF-3, a thousand variables in one place": lambda: netcdf3_of(1000, LIMIT),
    "JSON, 20 million numbers": lambda: b"[" + b"0," * 20_000_000 + b"0]",
    "JSON, deep": lambda: b"[" * 1_000_000 + b"]" * 1_000_000,
    "CSV, 20 million lines": lambda: b"0\n" * 20_000_000,
    "CSV, 20 million columns": lambda: b"0," * 20_000_000 + b"0\n",
}


def peak(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+)", text)[1])


def reset_peak(pid):
    """proc(5): 5 sets the peak to what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_takes_no_memory(daemon, name):
    content = BOMBS[name]()
    metadata = json.dumps({"column": 0}) if "CSV" in name or "thousand" in name else None
    pids = [daemon.process.pid, *daemon.workers()]
    for pid in pids:
        reset_peak(pid)
    before = {pid: peak(pid) for pid in pids}
    answer = daemon.upload(content, metadata=metadata)
    harmless = "thousand" in name  # of its variables one is read
    assert answer.status in ({200} if harmless else {413, 422}), answer.body
    assert harmless or "file: " in answer.json["detail"]
    grown = {pid: peak(pid) - before[pid] for pid in pids}
    # It is the same process as before: none died of it.
    assert [daemon.process.pid, *daemon.workers()] == pids
    # JSON is read as a whole.
    allowed = GROWTH + (len(content) if "JSON" in name else 0)
    assert max(grown.values()) < allowed, grown
    assert list((daemon.state / "incoming").iterdir()) == []


def test_what_is_within_the_limit_is_taken(daemon):
    assert daemon.upload(npz(np.arange(float(LIMIT)))).json["length"] == LIMIT
    assert daemon.upload(netcdf4((LIMIT,))).json["length"] == LIMIT
    assert daemon.upload(b"0\n" * (LIMIT - 1) + b"1\n").json["length"] == LIMIT
    assert daemon.upload(b"[" + b"0, " * (LIMIT - 1) + b"1]").json["length"] == LIMIT
    for content in (npz(np.arange(LIMIT + 1.0)), netcdf4((LIMIT + 1,)), b"0\n" * (LIMIT + 1)):
        refused = daemon.upload(content)
        assert refused.status == 413
        assert f"{LIMIT} that this appliance takes" in refused.json["detail"]


def elsewhere(tmp_path, how, secret):
    """An HDF5 file whose numbers are another file's bytes."""
    path, whole = tmp_path / "a.nc", tmp_path / "whole.h5"
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"t": 16}
        file.create_variable("kept", ("t",), "f8", data=np.arange(16.0))
    with h5py.File(whole, "w") as file:
        file.create_dataset("x", data=np.arange(16.0))
    with h5py.File(path, "a") as file:
        if how == "external bytes":
            file.create_dataset("a", (16,), "u1", external=[(str(secret), 0, 16)])
        elif how == "a link":
            file["a"] = h5py.ExternalLink(whole, "/x")
        elif how == "a link within a group":
            file.create_group("g")["a"] = h5py.ExternalLink(whole, "/x")
        else:
            layout = h5py.VirtualLayout((16,), "f8")
            layout[:] = h5py.VirtualSource(whole, "x", (16,))
            file.create_virtual_dataset("a", layout)
        if "link" not in how:
            file["a"].dims[0].attach_scale(file["t"])
    return path.read_bytes()


@pytest.mark.parametrize(
    "how", ["external bytes", "a link", "a link within a group", "a virtual dataset"]
)
def test_no_file_of_the_machine_is_read_as_an_uploads_data(daemon, tmp_path, how):
    """HDF5 can keep a dataset's bytes in any file: whoever uploads one must not get at those.

    The file is well but for that, and read without a word by h5netcdf.
    """
    secret = daemon.state / "signing-key"
    answer = daemon.upload(elsewhere(tmp_path, how, secret), metadata='{"column": "a"}')
    assert answer.status == 422, answer.body
    assert "'a' has its data in another file" in answer.json["detail"]


def test_a_group_that_is_its_own_member(daemon, tmp_path):
    path = tmp_path / "a.nc"
    path.write_bytes(netcdf4((8,)))
    with h5py.File(path, "a") as file:
        group = file.create_group("g")
        group["again"] = group
    assert daemon.upload(path.read_bytes()).json["length"] == 8


def test_a_message_that_is_a_bomb_ends_its_websocket(daemon):
    """64 MiB of blanks, 64 kB as they are sent (RFC 7692)."""
    reset_peak(daemon.process.pid)
    before = peak(daemon.process.pid)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b" " * 2**26) + packer.flush(zlib.Z_SYNC_FLUSH)
    packed = packed.removesuffix(b"\x00\x00\xff\xff")
    with closing(unix_socket(daemon)) as wire:
        wire.sendall(
            b"GET /ws/events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        head = wire.recv(65536)
        assert b"permessage-deflate" in head
        # Final, compressed, text; masked by zeros.
        wire.sendall(b"\xc1\xff" + struct.pack(">Q", len(packed)) + bytes(4) + packed)
        # Of the close frame that ends what is read: 1009, too big (RFC 6455, section 7.4.1).
        assert b"\x88" in (left := read_all(wire))
        assert struct.pack(">H", 1009) in left
    assert peak(daemon.process.pid) - before < 8 * 2**20
