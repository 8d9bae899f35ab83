"""What a file says of itself is looked at before it is believed.

A few bytes can stand for terabytes (a packed member, a header, a map of chunks that aren't there),
and an HDF5 file can name other files of this machine as its own data.
"""

from __future__ import annotations

import math
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import h5py
    from numpy.typing import NDArray

#: Of the widest numbers that are taken.
_WIDEST = 16
#: Of an archive's table of contents; that of a thousand arrays has some 100 kB.
_DIRECTORY_BYTES = 2**20
#: An archive's end, the longest comment included (APPNOTE.TXT, 4.3.16).
_END_BYTES = 22 + 65535
#: Links that are followed to see whether one leads out of the file.
_MOST_LINKS = 100_000


class RefusedError(Exception):
    """What a task was given can't be worked on; the text is for whoever sent it.

    Args:
        code: a word for programs.
        message: a sentence for people.
        combination: whether only the whole is wrong, not a part of it.
    """

    def __init__(self, code: str, message: str, *, combination: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.combination = combination


def too_long(limit: int, samples: int | None = None) -> RefusedError:
    """The refusal of a file with too many samples, however many they are."""
    has = "there are more samples" if samples is None else f"{samples} samples are more"
    return RefusedError("too_long", f"file: {has} than the {limit} that this appliance takes")


def check_kind(dtype: np.dtype[Any]) -> None:
    """See that values are real numbers.

    Raises:
        RefusedError: they aren't.
    """
    if dtype.kind not in "iufb":
        raise RefusedError("not_numbers", f"file: holds values of type {dtype}, not real numbers")


def check_size(shape: Sequence[int], width: int, limit: int) -> None:
    """See that an array may be loaded.

    Args:
        shape: as the file has it.
        width: of an element (bytes).
        limit: of samples.

    Raises:
        RefusedError: it is too large.
    """
    samples = math.prod(shape)
    if samples > limit or samples * width > limit * _WIDEST:
        raise too_long(limit, samples)


def check_directory(path: Path) -> None:
    """See that a zip archive's table of contents is a small one; all of it is read at once.

    Raises:
        RefusedError: it isn't.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_BYTES))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 16 > len(tail):
        raise zipfile.BadZipFile("the file is cut off")
    (length,) = struct.unpack_from("<I", tail, end + 12)
    # The locator of another table, for archives of more than 65,535 members or 4 GiB.
    if length > _DIRECTORY_BYTES or b"PK\x06\x07" in tail[max(0, end - 20) : end]:
        raise RefusedError("too_many", "file: has more arrays than can be meant")


def load_member(archive: zipfile.ZipFile, name: str, limit: int) -> NDArray[Any]:
    """An array of an ``.npz``.

    Args:
        archive: the file.
        name: the array's, without ``.npy``.
        limit: of samples.

    Raises:
        RefusedError: it is too large.
        ValueError: it is no array of numbers.
    """
    member = next(one for one in archive.infolist() if one.filename in {name, f"{name}.npy"})
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ValueError("it is packed in a way that numpy doesn't use")
    with archive.open(member) as file:
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(file)
        check_size(shape, dtype.itemsize, limit)
    with archive.open(member) as file:
        return np.asarray(npy.read_array(file, allow_pickle=False))


def check_links(file: h5py.File) -> None:
    """See that all that an HDF5 file names is in it.

    Raises:
        RefusedError: something is somewhere else.
    """
    import h5py  # noqa: PLC0415 - only where needed

    groups: list[h5py.Group] = [file]
    seen, links = set(), 0
    while groups:
        group = groups.pop()
        for name in group:
            links += 1
            if links > _MOST_LINKS:
                raise RefusedError("too_many", "file: has more links than can be meant")
            one = _member(group, name)
            # A group may be its own member.
            if isinstance(one, h5py.Group) and (at := h5py.h5o.get_info(one.id).addr) not in seen:
                seen.add(at)
                groups.append(one)


def _member(group: h5py.Group, name: str) -> Any:
    """What a link of a group is; None for one that leads to what is met on another way."""
    import h5py  # noqa: PLC0415 - only where needed

    link = group.get(name, getlink=True)
    if isinstance(link, h5py.SoftLink):
        return None
    one = None if isinstance(link, h5py.ExternalLink) else group[name]
    if one is None or (isinstance(one, h5py.Dataset) and (one.external or one.is_virtual)):
        raise _elsewhere(name)
    return one


def _elsewhere(name: str) -> RefusedError:
    text = f"file: {name[:40]!a} has its data in another file; send one that has all of it"
    return RefusedError("elsewhere", text)
