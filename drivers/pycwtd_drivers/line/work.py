"""What a board is given: its configuration, and units of work that keep what came of them."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pycwtd_drivers.line.port import LineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WRITE = struct.Struct("<HI")


class WrongCountsError(LineError):
    """A board's counts can't be right, although they arrived as they were sent."""


def written(address: int, word: int, before: int) -> int:
    """The checksum of a configuration after one more word."""
    return zlib.crc32(_WRITE.pack(address, word), before)


class Configuration:
    """Words for a board's memory, and the checksum that tells how far they got.

    The checksum after some words is the CRC-32 of ``address u16 | word u32`` of each, low byte
    first, in the order in which they are written; 0 where nothing was. It is what a board says of
    its configuration, so that nothing is sent that is there, and a cut costs no more than a block.

    Args:
        blocks: addresses, and the words from each on.

    Raises:
        ValueError: an address or a word is out of range, or there is no word.
    """

    def __init__(self, blocks: Iterable[tuple[int, Sequence[int]]]) -> None:
        self.words = [(start + i, word) for start, words in blocks for i, word in enumerate(words)]
        if not self.words:
            raise ValueError("blocks has no word")
        for address, word in self.words:
            if not (0 <= address < 2**16 and 0 <= word < 2**32):
                raise ValueError(f"blocks has the word {word} at {address}: 32 and 16 bits fit")
        #: After so many words.
        self.checksums = [0]
        for address, word in self.words:
            self.checksums.append(written(address, word, self.checksums[-1]))
        self._lengths = {code: length for length, code in enumerate(self.checksums)}

    @property
    def checksum(self) -> int:
        """Of all words."""
        return self.checksums[-1]

    def length(self, checksum: int) -> int:
        """How many words a board has that says so; 0 if others."""
        return self._lengths.get(checksum, 0)

    def block(self, at: int, most: int) -> tuple[int, tuple[int, ...]]:
        """Address and words from one word on, as far as the addresses are consecutive."""
        address = self.words[at][0]
        words = []
        for number, (where, word) in enumerate(self.words[at : at + most]):
            if where != address + number:
                break
            words.append(word)
        return address, tuple(words)


@dataclass(slots=True)
class Unit:
    """Realisations to be done, and the rows of their histogram that have come.

    As realisations depend on configuration, seed and number alone, rows stay right whatever
    happens to the board: after a reset or a cut only what is missing is computed and asked for.

    Attributes:
        configuration: what the board needs to know.
        seed: of the noise.
        first: the first realisation.
        count: their number.
        points: of each row, how many points of a realisation are counted.
        bins: of each row.
        rows: those that have come, by their number; each has been checked.
        number: by which the board knows it, None until it was told.
        boots: of the board at that time.
    """

    configuration: Configuration
    seed: int
    first: int
    count: int
    points: tuple[int, ...]
    bins: int
    rows: dict[int, tuple[int, ...]] = field(default_factory=dict)
    number: int | None = None
    boots: int | None = None

    @property
    def missing(self) -> list[int]:
        """Numbers of the rows that haven't come."""
        return [row for row in range(len(self.points)) if row not in self.rows]

    def take(self, row: int, counts: tuple[int, ...]) -> None:
        """Keep a row.

        Raises:
            WrongCountsError: it can't be right; nothing of the unit is kept then.
        """
        expected = self.count * self.points[row]
        if len(counts) != self.bins or sum(counts) != expected:
            self.rows.clear()
            self.number = None
            raise WrongCountsError(
                f"row {row} has {sum(counts)} counts in {len(counts)} bins, {expected} in "
                f"{self.bins} were expected: nothing of these realisations is counted"
            )
        self.rows[row] = counts

    def histogram(self) -> list[tuple[int, ...]]:
        """All rows.

        Raises:
            ValueError: some are missing.
        """
        if self.missing:
            raise ValueError(f"the rows {self.missing} haven't come")
        return [self.rows[row] for row in range(len(self.points))]
