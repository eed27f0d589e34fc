"""The figure of who pulls how hard, from what runs leave behind."""

import logging
from pathlib import Path

import pytest
from PIL import Image
from tests.command import SMALL

from scripts import balance_figure as figure


def test_it_trains_what_is_missing_and_draws_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger()  # Hydra will set up its own
    monkeypatch.setattr(logger, "handlers", logger.handlers[:])
    monkeypatch.setattr(figure, "DOCS", tmp_path)
    monkeypatch.setattr(figure, "BUDGET", SMALL)
    monkeypatch.setattr(figure, "SEEDS", range(1))
    monkeypatch.setattr(figure, "SHOWN", {"calibrated": "tab:blue", "IMTL-G": "tab:purple"})
    figure.main()
    assert len(list(tmp_path.glob("runs/forum/*/metrics.json"))) == 2
    rows = figure.history(tmp_path / "runs" / "forum" / "calibrated-s0")
    assert len(rows) == 2 and rows[0]["balance/pull_box"] > 0
    with Image.open(tmp_path / "balance.png") as drawn:
        assert drawn.width == 800
