"""Parts of arrays cut out of archives without numpy, against numpy's own slices."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycwtd.store.npz import Cut, UnsliceableError, members

ARRAYS = {
    "wave": (np.arange(60) * (1 + 2j)).reshape(5, 12),
    "single": np.arange(60, dtype=np.complex64).reshape(12, 5) * 1j,
    "WCT": np.linspace(0, 1, 60).reshape(6, 10),
    "coi": np.arange(13.0),
    "histogram": np.arange(24).reshape(2, 12),
    "names": np.array(["a", "bcd", "ö"]),
    "seed": np.array(7),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "result.npz"
    np.savez(path, **ARRAYS)
    return path


def read(cut, block):
    """The whole of it, in blocks of some size."""
    data = bytearray()
    while len(data) < cut.size:
        part = cut.read(len(data), block)
        assert 0 < len(part) <= block
        data += part
    assert cut.read(cut.size, block) == b""
    cut.close()
    return bytes(data)


edges = st.none() | st.integers(0, 15)
slices = st.builds(slice, edges, edges, st.none() | st.integers(1, 5))


@settings(deadline=None)
@given(st.sampled_from(sorted(set(ARRAYS) - {"seed"})), slices, slices, st.integers(1, 300))
def test_a_cut_is_numpys_slice(archive, name, rows, cols, block):
    array = ARRAYS[name]
    wanted = array[rows, cols] if array.ndim == 2 else array[rows]
    cut = Cut(archive, members(archive)[name], rows, cols if array.ndim == 2 else None)
    got = np.load(io.BytesIO(read(cut, block)), allow_pickle=False)
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("step", [1023, 1024, 1025, 2048, 2049, 7001])
def test_elements_far_apart_are_read_one_by_one(tmp_path, step):
    wave = np.arange(30_000) * (1 - 3j)
    arrays = {"wave": wave.reshape(2, 15_000), "WCT": wave.real.reshape(2, 15_000)}
    path = tmp_path / "long.npz"
    np.savez(path, **arrays)
    for name, array in arrays.items():
        cut = Cut(path, members(path)[name], slice(None), slice(5, 14_990, step))
        got = np.load(io.BytesIO(read(cut, 100)), allow_pickle=False)
        np.testing.assert_array_equal(got, array[:, 5:14_990:step])


def test_what_has_no_rows_is_refused(archive, tmp_path):
    found = members(archive)
    with pytest.raises(UnsliceableError, match="no rows"):
        Cut(archive, found["seed"], slice(None), None)
    with pytest.raises(UnsliceableError, match="one axis"):
        Cut(archive, found["coi"], slice(None), slice(2))
    np.savez(tmp_path / "f.npz", turned=np.asfortranarray(ARRAYS["WCT"]))
    with pytest.raises(UnsliceableError, match="whole"):
        Cut(tmp_path / "f.npz", members(tmp_path / "f.npz")["turned"], slice(2), None)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="compressed"):
        members(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"x\.npz"):
        members(path)
