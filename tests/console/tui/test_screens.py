"""The screens as text, from a recording of a daemon with a simulated ELM11 (``make screens``)."""

from __future__ import annotations

import asyncio

import pytest

from consoles import KEPT, SCREENS, SIZES, screen, utc


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", KEPT)
def test_screen_is_the_kept_one(name, size):
    kept = (SCREENS / f"{name}-{size[0]}x{size[1]}.txt").read_text(encoding="utf-8")
    with utc():
        assert asyncio.run(screen(KEPT[name], size)) == kept


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", KEPT)
def test_no_line_is_longer_than_the_terminal(name, size):
    lines = (SCREENS / f"{name}-{size[0]}x{size[1]}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]


@pytest.mark.parametrize("size", [(59, 24), (80, 14)])
def test_a_small_terminal_is_told_what_is_needed(size):
    text = " ".join(asyncio.run(screen("", size)).split())
    assert text.startswith("The console needs 60 columns and 15 lines")
    assert "joblib" not in text


def test_the_least_terminal_shows_devices_and_jobs():
    text = asyncio.run(screen("", (60, 15)))
    assert "elm11_lua" in text
    assert "wct" in text
