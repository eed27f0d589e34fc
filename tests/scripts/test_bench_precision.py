"""Precisions and memory formats of a trunk."""

import re
import sys

import pytest

from scripts import bench_precision


def test_each_way_is_compared_with_float32(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backbones", "tiny", "--size", "32", "--batch", "4", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", ["bench", *options])
    bench_precision.main()
    ways = re.findall(r"tiny at 32 px, (.*): \d+ images/s, [\d.]+", capsys.readouterr().out)
    assert ways == ["float32", "float32, channels last", "bfloat16", "bfloat16, channels last"]
