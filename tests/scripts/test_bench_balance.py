"""The benchmark runs and prints three figures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_balance.py"


@pytest.mark.slow
def test_it_prints_what_panel_and_calibration_cost() -> None:
    command = [sys.executable, str(SCRIPT), "--size", "32", "--rounds", "2"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert re.search(r"a step takes [\d.]+ ms", out)
    assert len(re.findall(r"-?[\d.]+ % of training", out)) == 2
