"""How fast predict is beside a bare loop."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts import bench_predict


def test_what_predict_refuses_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, dark, half = (tmp_path / name for name in ("good.png", "dark.png", "half.png"))
    Image.new("RGB", (9, 9)).save(good)
    Image.fromarray(np.full((9, 9), 700, np.uint16)).save(dark)
    half.write_bytes(good.read_bytes()[:40])
    assert bench_predict.readable([dark, good, half]) == [good]
    left_out = capsys.readouterr().err
    assert f"left out: {dark}: expected values up to 65535" in left_out and str(half) in left_out


def test_both_ways_answer_all_images(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backbone", "tiny", "--size", "32", "--rounds", "1", "--batch", "100"]
    monkeypatch.setattr(sys, "argv", ["bench_predict.py", *options])
    bench_predict.main()
    out = capsys.readouterr().out
    assert "256 images, batches of 100: predict" in out and "in 1 rounds)" in out
