"""`solobox study FOLDER`."""

import sys
from pathlib import Path

import pytest
from tests.cli.test_train import Train
from tests.command import SMALL
from tests.study.sweep import write_run

from solobox.cli.main import main


def study(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["solobox", "study", str(folder)])
    main()


def test_a_sweep_is_studied(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train("-m", *SMALL, "loss=ce_l2,ce_giou", "seed=0,1", "hydra.sweep.dir=sweep")
    study(monkeypatch, Path("sweep"))
    said = capsys.readouterr().out
    assert "cross_entropy + giou, sum" in said and "page: sweep/study.html" in said
    page = Path("sweep/study.html").read_text()
    assert "2 configurations, 4 runs" in page and "image/jpeg" in page  # drawn images are shown


def test_a_folder_without_runs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="holds no finished run"):
        study(monkeypatch, tmp_path)
    with pytest.raises(SystemExit, match="expected a folder"):
        study(monkeypatch, tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def test_a_broken_run_is_named_and_the_rest_studied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path, seed=0)
    (write_run(tmp_path, seed=1) / "metrics.json").write_text("{")
    study(monkeypatch, tmp_path)
    captured = capsys.readouterr()
    assert "s1: cannot be read" in captured.err and "study.html" in captured.out
