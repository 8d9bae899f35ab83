"""Frames: what is whole comes through however it is cut, what is damaged doesn't."""

from __future__ import annotations

import pytest
from cobs import cobs
from hypothesis import given
from hypothesis import strategies as st

from pycwtd_drivers.line.frame import Damage, Decoder, Frame, decode, encode, wire_length

FRAMES = st.builds(
    Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=600) | st.just(bytes(600))
)


@pytest.mark.parametrize(
    ("data", "stuffed"),
    [
        # Cheshire & Baker, "Consistent Overhead Byte Stuffing", as tabled in Wikipedia.
        ("00", "01 01"),
        ("00 00", "01 01 01"),
        ("00 11 00", "01 02 11 01"),
        ("11 22 00 33", "03 11 22 02 33"),
        ("11 22 33 44", "05 11 22 33 44"),
        ("11 00 00 00", "02 11 01 01 01"),
    ],
)
def test_the_stuffing_is_the_published_one(data, stuffed):
    assert cobs.encode(bytes.fromhex(data)) == bytes.fromhex(stuffed)
    assert cobs.decode(bytes.fromhex(stuffed)) == bytes.fromhex(data)


def test_a_frame_byte_by_byte():
    # CRC-32 of 01 05 07 00 00 00, by `python -c 'import binascii…'` and by `gzip`'s trailer alike.
    import binascii

    body = bytes([1, 5, 7, 0, 0, 0])
    code = binascii.crc32(body).to_bytes(4, "little")
    assert 0 not in code
    assert encode(Frame(5, 7)) == bytes([4, 1, 5, 7, 1, 1, 5]) + code + b"\x00"


def test_the_longest_stretch_without_a_zero_may_end_either_way():
    """Encoders differ in whether 254 bytes without a 00 are followed by an empty block."""
    long = bytes(range(1, 255))
    assert cobs.decode(b"\xff" + long + b"\x01") == cobs.decode(b"\xff" + long) == long


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_come_through_however_they_are_cut(frames, data):
    wire = b"".join(map(encode, frames))
    decoder = Decoder()
    found = []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        found += decoder.feed(wire[:size])
        wire = wire[size:]
    assert found == frames


@given(FRAMES)
def test_a_frame_is_no_longer_than_is_said(frame):
    assert len(encode(frame)) <= wire_length(len(frame.payload))


@given(st.binary(max_size=200), FRAMES)
def test_after_garbage_the_next_frame_is_whole(garbage, frame):
    found = list(Decoder().feed(garbage + b"\x00" + encode(frame)))
    assert found[-1] == frame
    assert all(isinstance(one, Damage) for one in found[:-1])


@given(FRAMES, st.data())
def test_no_damaged_frame_is_taken(frame, data):
    wire = bytearray(encode(frame))
    at = data.draw(st.integers(0, len(wire) - 1))
    how = data.draw(st.sampled_from(["flip", "lose", "double"]))
    if how == "flip":
        wire[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "lose":
        del wire[at]
    else:
        wire.insert(at, wire[at])
    found = list(Decoder().feed(bytes(wire)))
    # Two ends in a row are one; of equal neighbours nobody knows which one was doubled.
    whole = how == "double" and at == len(wire) - 2
    assert [one for one in found if isinstance(one, Frame)] == [frame] * whole


def test_what_has_no_end_takes_no_memory_and_is_told():
    decoder = Decoder(longest=100)
    assert list(decoder.feed(b"x" * 90)) == []
    assert list(decoder.feed(b"x" * 1_000_000)) == []
    assert len(decoder._pending) <= 1_000_090
    assert list(decoder.feed(b"x" * 1_000_000)) == []
    assert len(decoder._pending) <= 1_000_090
    frame = Frame(1, 2, b"abc")
    assert list(decoder.feed(b"\x00" + encode(frame))) == [Damage.TOO_LONG, frame]


def reframed(body):
    """A frame with a right checksum around any body."""
    import zlib

    return cobs.encode(body + zlib.crc32(body).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x05ab", Damage.STUFFING),
        (b"\x03ab", Damage.LENGTH),
        (cobs.encode(bytes(10)), Damage.CHECKSUM),
        (reframed(bytes([1, 5, 7, 0, 1, 0])), Damage.LENGTH),
        (reframed(bytes([1, 5, 7, 1, 0, 0])), Damage.LENGTH),
        (reframed(bytes([1, 5, 7, 0, 0, 0]) + b"x"), Damage.LENGTH),
    ],
)
def test_every_kind_of_damage_is_named(data, why):
    assert decode(data) is why


def test_another_version_is_none_of_our_damage():
    assert decode(reframed(bytes([2, 5, 7, 9, 9, 9]))).version == 2
