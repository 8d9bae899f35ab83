"""Arrays inside an ``.npz``, found and cut without numpy: the event loop's process has none.

An ``.npz`` whose members aren't compressed holds each array's ``.npy`` file in one piece, so a
part of an array is a part of the file. Format: numpy's NEP 1 and PKWARE's APPNOTE.
"""

from __future__ import annotations

import ast
import math
import os
import struct
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = b"\x93NUMPY"
#: Fixed part of a member's local header; the lengths of name and extra field are its last two.
_LOCAL = struct.Struct("<26xHH")
_ALIGNMENT = 64
#: Elements farther apart than that (bytes) are read one by one, rather than all between them.
_SPARSE = 16384


class UnsliceableError(ValueError):
    """The array can't be cut into rows and columns."""


@dataclass(frozen=True, slots=True)
class Member:
    """One array in an ``.npz``."""

    name: str
    #: Where its ``.npy`` file begins in the archive, and its size.
    offset: int
    size: int
    #: Where its elements begin in the archive.
    start: int
    descr: str
    shape: tuple[int, ...]
    fortran: bool

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        width = int(self.descr[2:])
        return 4 * width if self.descr[1] == "U" else width

    @property
    def word(self) -> int:
        """Bytes of the largest part of an element that has an order of bytes."""
        return self.itemsize // 2 if self.descr[1] == "c" else self.itemsize

    @property
    def numbers(self) -> int:
        """Real numbers in it."""
        return math.prod(self.shape) * (2 if self.descr[1] == "c" else 1)


def members(path: Path) -> dict[str, Member]:
    """The arrays of an ``.npz`` with members that aren't compressed.

    Raises:
        ValueError: it isn't such a file.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            found = [_member(file, entry) for entry in archive.infolist()]
            return {member.name: member for member in found}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path.name}: {error}") from None


def _member(file: IO[bytes], entry: zipfile.ZipInfo) -> Member:
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{entry.filename} is compressed")
    file.seek(entry.header_offset)
    name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
    offset = entry.header_offset + _LOCAL.size + name + extra
    file.seek(offset)
    magic = file.read(8)
    if magic[:6] != _MAGIC:
        raise ValueError(f"{entry.filename} isn't an array")
    form = "<H" if magic[6] == 1 else "<I"
    length = struct.unpack(form, file.read(struct.calcsize(form)))[0]
    header = ast.literal_eval(file.read(length).decode("latin1"))
    return Member(
        name=entry.filename.removesuffix(".npy"),
        offset=offset,
        size=entry.file_size,
        start=file.tell(),
        descr=header["descr"],
        shape=tuple(header["shape"]),
        fortran=header["fortran_order"],
    )


def npy_header(descr: str, shape: tuple[int, ...]) -> bytes:
    """The beginning of a ``.npy`` file, version 1."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode("latin1")
    before = len(_MAGIC) + 4
    padding = -(before + len(text) + 1) % _ALIGNMENT
    length = len(text) + 1 + padding
    return _MAGIC + b"\x01\x00" + struct.pack("<H", length) + text + b" " * padding + b"\n"


class Cut:
    """A strided part of an array, as the ``.npy`` file that it would be.

    Args:
        path: of the archive.
        member: the array.
        rows: of its first axis.
        cols: of its second axis, if it has one.

    Raises:
        UnsliceableError: it has neither one nor two axes, or is stored column by column.
    """

    def __init__(self, path: Path, member: Member, rows: slice, cols: slice | None) -> None:
        axes = len(member.shape)
        if axes not in {1, 2} or member.fortran:
            raise UnsliceableError("this array has no rows to choose from; fetch it whole")
        if axes == 1 and cols is not None:
            raise UnsliceableError("this array has one axis; choose with rows alone")
        # A vector is a matrix of one row, whose columns are chosen.
        height, width = member.shape if axes == 2 else (1, member.shape[0])
        across = (cols or slice(None)) if axes == 2 else rows
        self._member, self._width = member, width
        self._rows = range(height)[rows] if axes == 2 else range(1)
        self._cols = range(width)[across]
        shape = (len(self._rows), len(self._cols)) if axes == 2 else (len(self._cols),)
        self._header = npy_header(member.descr, shape)
        self._row_bytes = len(self._cols) * member.itemsize
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = len(self._header) + len(self._rows) * self._row_bytes

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the file; at most ``size``, and at least one before its end."""
        if offset < len(self._header):
            return self._header[offset : offset + size]
        if not self._row_bytes:
            return b""
        row, within = divmod(offset - len(self._header), self._row_bytes)
        if row >= len(self._rows):
            return b""
        first, skipped = divmod(within, self._member.itemsize)
        last = min(len(self._cols), first + math.ceil((skipped + size) / self._member.itemsize))
        return self._elements(self._rows[row], first, last)[skipped : skipped + size]

    def at_hand(self, offset: int, size: int) -> bytes:
        """Nothing: it has to be put together."""
        return b""

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _elements(self, row: int, first: int, last: int) -> bytes:
        """Elements ``first`` to ``last`` of those chosen in one row."""
        chosen = self._cols[first:last]
        size, step = self._member.itemsize, chosen.step
        begin = self._member.start + (row * self._width + chosen[0]) * size
        if size * step > _SPARSE:
            places = range(begin, begin + size * step * len(chosen), size * step)
            for place in places:
                # All at once: a disk serves many such reads in the time of a few.
                os.posix_fadvise(self._fd, place, size, os.POSIX_FADV_WILLNEED)
            return b"".join(os.pread(self._fd, size, place) for place in places)
        data = os.pread(self._fd, (chosen[-1] - chosen[0] + 1) * size, begin)
        if step == 1:
            return data
        taken = bytearray(len(chosen) * size)
        source, target = memoryview(data), memoryview(taken)
        for part in range(size):
            target[part::size] = source[part :: size * step]
        return bytes(taken)
