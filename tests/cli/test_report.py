"""`solobox report RUN`, and the page that train writes."""

import sys
from pathlib import Path

import pytest
from tests.cli.test_train import Train
from tests.command import SMALL

from solobox.cli.main import main


def test_train_writes_a_page_that_says_how_to_get_it_again(train: Train) -> None:
    outcome = train(*SMALL, "report=true", "loss=ce_l2")
    page = (outcome.run / "report.html").read_text()
    assert "loss=ce_l2" in page and "image/jpeg" in page and "Who pulls" not in outcome.out
    assert 'alt="Balance of both losses"' in page
    assert "page:" in outcome.out


def test_a_sweep_leaves_it_to_the_verb(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = train("-m", *SMALL, "report=true", "seed=0,1", "hydra.sweep.dir=sweep")
    assert not list(outcome.folder.rglob("report.html"))
    monkeypatch.setattr(sys, "argv", ["solobox", "report", "sweep"])
    main()
    assert len(list(outcome.folder.rglob("report.html"))) == 2


def test_what_is_no_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["solobox", "report", str(tmp_path)])
    with pytest.raises(SystemExit, match="1"):
        main()
    assert "expected a run's directory" in capsys.readouterr().err
