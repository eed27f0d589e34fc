"""How fast predict is beside a bare loop."""

import sys

import pytest

from scripts import bench_predict


def test_both_ways_answer_all_images(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backbone", "tiny", "--size", "32", "--rounds", "1", "--batch", "100"]
    monkeypatch.setattr(sys, "argv", ["bench_predict.py", *options])
    bench_predict.main()
    out = capsys.readouterr().out
    assert "256 images, batches of 100: predict" in out and "in 1 rounds)" in out
