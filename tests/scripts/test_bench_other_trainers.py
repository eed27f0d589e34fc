"""Other trainers beside bare loops of theirs."""

import re
import sys

import pytest

from scripts import bench_other_trainers


@pytest.mark.slow
def test_loops_take_turns_with_bare_ones(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--size", "32", "--batch", "4", "--blocks", "2", "--backbones", "resnet18"]
    monkeypatch.setattr(sys, "argv", ["bench", *options])
    bench_other_trainers.main()
    figures = r"\d+ images/s, bare loop \d+: [\d.]+ \([\d.]+ \.\. [\d.]+, 2 pairs of 5 steps\)"
    assert re.search(rf"torchvision's loop, resnet18 at 32 px: {figures}", capfd.readouterr().out)
