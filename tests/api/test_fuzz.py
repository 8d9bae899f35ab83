"""A short run of the fuzzer with every commit; ``make fuzz-api`` is the long one."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_the_fuzzer_finds_nothing():
    spec = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    ran = fuzz.fuzz(examples=10, seed=20260301)
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr
