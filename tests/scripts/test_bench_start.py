"""The wait before the first step."""

import re
import sys

import pytest
from tests.command import SMALL

from scripts import bench_start


@pytest.mark.slow
def test_help_imports_and_first_step_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [option for option in SMALL if option.startswith("data.")]
    monkeypatch.setattr(sys, "argv", ["bench", *options, "--rounds", "1"])
    bench_start.main()
    out = capsys.readouterr().out
    assert re.search(r"--help: [\d.]+ s", out)
    assert float(re.search(r"alone [\d.]+ s: ([\d.]+) times", out)[1]) > 0.8
