"""The page that shows how a workload is written: its files are taken as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from scipy.stats import pearsonr, permutation_test

from support import running

PAGE = Path(__file__).parents[2] / "docs/workloads.md"


def test_the_workload_of_the_page_works(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    blocks = re.findall(r"```\w+\n# file: (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    for name, text in blocks:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (source / "pycwtd_correlation/__init__.py").touch()
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-build-isolation", "--no-deps", "--no-index", "--target", target, source),
        ],
        check=True,
        capture_output=True,
    )
    first = [1.0, 3.0, 2.0, 5.0, 4.0, 6.0, 8.0, 6.5]
    second = [2.0, 1.0, 4.0, 3.5, 2.5, 5.0, 3.0, 6.0]
    with running(start=False, backends=["joblib"]) as daemon:
        daemon.start({"PYTHONPATH": str(target)})
        path = "/api/v1/analyses/correlation"
        body = {"first": first, "second": second, "permutations": 9999, "seed": 1}
        answer = daemon.call("POST", path, body)
        assert answer.status == 200, answer.body
        found = answer.json
        assert found["correlation"] == pytest.approx(pearsonr(first, second).statistic)
        exact = permutation_test(
            (second,), lambda x: pearsonr(first, x).statistic, permutation_type="pairings"
        )
        # Four standard errors of 9,999 permutations.
        p = exact.pvalue
        assert found["p_value"] == pytest.approx(p, abs=4 * (p * (1 - p) / 9999) ** 0.5)
        answer = daemon.call("POST", path, {**body, "first": [2.0] * 8})
        assert (answer.status, "constant" in answer.json["detail"]) == (400, True)
