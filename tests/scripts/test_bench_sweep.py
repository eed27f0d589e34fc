"""A sweep's cost beyond training."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.command import SMALL

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_sweep.py"


@pytest.mark.slow
def test_both_ways_are_measured() -> None:
    options = [option for option in SMALL if option.startswith("data.")]
    command = [sys.executable, str(SCRIPT), *options, "--runs", "2", "--seconds", "2"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    times = dict(re.findall(r"(sweep|apart): .* ([\d.]+) times", out))
    assert float(times["apart"]) > float(times["sweep"]) >= 1
