"""Which loss wins: the page of a bench."""

from pathlib import Path

import pytest
from tests.study.sweep import write_run

from scripts import which_loss
from solobox.study.configurations import configurations
from solobox.study.runs import find_runs


def test_page_of_a_bench_names_the_best_and_what_is_like_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(which_loss, "DOCS", tmp_path)
    for seed in range(3):
        for combine in ("sum", "max"):
            write_run(tmp_path / "runs", seed=seed, localisation="giou", combine=combine, right=0.9)
            write_run(tmp_path / "runs", seed=seed, localisation="l2", combine=combine, right=0.3)
    found, faults = configurations(find_runs(tmp_path / "runs")[0])
    assert not faults
    for _ in range(2):
        which_loss.write("balanced", ["trainer=cpu"], found)
    text = (tmp_path / "which_loss.md").read_text()
    assert text.count("## balanced") == 1 and (tmp_path / "which_loss_balanced.png").is_file()
    assert "4 configurations, 3 seeds each, test split (n=40)" in text
    assert "1 of the other 3 cannot be told from it: *cross_entropy + giou" in text
    rows = [line for line in text.splitlines() if line.startswith("| cross_entropy + ")]
    assert rows[0].startswith("| cross_entropy + giou | 0.") and "(+0." in rows[0]  # against L2
    assert rows[1].startswith("| cross_entropy + l2 | 0.") and "(" not in rows[1]
