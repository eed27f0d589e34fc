"""`solobox tune`: a learning rate and a batch size."""

import re
import sys
from pathlib import Path

import pytest
from tests.command import SMALL


def test_tune_suggests_both_as_options_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from solobox.cli.tune import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["solobox tune", *SMALL])
    main()
    out = capsys.readouterr().out
    rate = re.search(r"optimizer\.lr=(\S+)", out)
    batch = re.search(r"data\.batch_size=(\d+)", out)
    assert rate and 1e-6 <= float(rate[1]) <= 1
    assert batch and 2 <= int(batch[1]) <= 48
    assert {path.name for path in tmp_path.iterdir()} == {"data"}  # kept drawings
