"""The Dask driver over TLS, and over a network whose cable is pulled."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest

from clusters import MANY, TASK, Watch, cluster
from pycwt_mod.monte_carlo.kernel import plan_for
from pycwtd_drivers.dask import fleet

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Certificates of a lab: its authority's, one for all its machines, and a stranger's."""
    if not shutil.which("openssl"):
        pytest.skip("openssl isn't installed")
    folder = tmp_path_factory.mktemp("tls")
    for ca, node in (("ca", "node"), ("other-ca", "other")):
        subject = ("-subj", f"/CN={ca}", "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
        openssl(folder, "req", "-x509", *_KEY, "-days", "2", *subject)
        subject = ("-subj", f"/CN={node}", "-keyout", f"{node}.key", "-out", f"{node}.csr")
        openssl(folder, "req", "-new", *_KEY, *subject)
        signer = ("-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-set_serial", "1", "-days", "2")
        openssl(folder, "x509", "-req", "-in", f"{node}.csr", *signer, "-out", f"{node}.pem")
    return folder


def test_mutual_tls(use, authority):
    options = (
        *("--tls-ca-file", str(authority / "ca.pem"), "--tls-cert", str(authority / "node.pem")),
        *("--tls-key", str(authority / "node.key"), "--protocol", "tls"),
    )
    files = {
        name: authority / file
        for name, file in (("ca_file", "ca.pem"), ("cert", "node.pem"), ("key", "node.key"))
    }
    with cluster(1, options=options) as one:
        assert one.address.startswith("tls://127.0.0.1:")
        backend = use(one, **files)
        assert backend.probe().devices == (f"1 worker, 1 thread at {one.address}",)
        np.testing.assert_array_equal(backend.run(TASK, 5, 3, 50), plan_for(TASK).run(5, 3, 50))
        stranger = use(one, cert=authority / "other.pem", key=authority / "other.key").probe()
        assert "can't be reached" in stranger.error
        assert "can't be reached" in use(one, key=authority / "none.key").probe().error
        bare = use(one, ca_file="", cert="", key="").probe()
        assert "can't be reached" in bare.error
        unsafe = use(one.address.replace("tls", "tcp"), **files).probe()
        assert "can't be reached" in unsafe.error


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def cable():
    """A network namespace, and the two ends of the cable to it: 10.213.7.1 is ours."""
    name = f"pycwtd{os.getpid()}"
    try:
        ip("netns", "add", name)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"network namespaces can't be made here: {error}")
    try:
        near, far = f"a{os.getpid()}", f"b{os.getpid()}"
        try:
            ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"there are no virtual cables here: {error.stderr.decode().strip()}")
        ip("addr", "add", "10.213.7.1/30", "dev", near)
        ip("link", "set", near, "up")
        ip("-n", name, "addr", "add", "10.213.7.2/30", "dev", far)
        for device in (far, "lo"):
            ip("-n", name, "link", "set", device, "up")
        yield name, near
    finally:
        ip("netns", "del", name)


def test_a_pulled_cable_costs_time_alone(use, monkeypatch):
    monkeypatch.setattr(fleet, "_SILENT_SECONDS", 1.5)
    expected = plan_for(TASK).run(5, 3, MANY, 2)
    with cable() as (name, near), cluster(0, host="10.213.7.1") as one:
        one.add_worker(host="10.213.7.1")
        far = one.add_worker(prefix=("ip", "netns", "exec", name), host="10.213.7.2")
        backend = use(one)
        assert backend.probe().devices[0].startswith("2 workers")
        watch = Watch(lambda: ip("link", "set", near, "down"))
        np.testing.assert_array_equal(backend.run(TASK, 5, 3, MANY, watch), expected)
        assert "worker tcp://10.213.7.2" in " ".join(backend.probe().devices)
        assert far.process.poll() is None
        ip("link", "set", near, "up")
        np.testing.assert_array_equal(backend.run(TASK, 5, 3, MANY), expected)
