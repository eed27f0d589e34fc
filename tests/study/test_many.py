"""A study of more configurations than can all be compared with each other."""

from pathlib import Path

import pytest
from tests.study.sweep import write_run

from solobox.study import charts, leaderboard
from solobox.study.configurations import configurations
from solobox.study.paired import holm
from solobox.study.runs import find_runs
from solobox.study.study_page import write_study


def test_of_very_many_configurations_the_best_is_compared_and_corrected_as_if_all_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, right in enumerate((0.3, 0.5, 0.9, 0.7)):
        for seed in (0, 1):
            write_run(tmp_path, seed=seed, localisation=f"loss{number}", right=right)
    found, _ = configurations(find_runs(tmp_path)[0])
    whole = leaderboard.pairs(found, "loc_50")
    monkeypatch.setattr(leaderboard, "MANY", 3)
    monkeypatch.setattr(charts, "MOST_BARS", 3)
    some = leaderboard.pairs(found, "loc_50")
    assert [p.a.leaf("localisation") for p in some] == ["loss2"] * 3
    every = {(p.a.name, p.b.name): p for p in whole}
    for pair in some:
        mate = every[pair.a.name, pair.b.name]
        assert pair.found == mate.found and pair.p >= mate.p
    rows = write_study(tmp_path, found, [])
    assert len(rows) == 4
    page = (tmp_path / "study.html").read_text()
    assert page.count("loss2, sum is better than cross_entropy + ") >= 1
    assert "only the best one in this metric is compared" in page


def test_p_values_may_be_corrected_for_more_than_were_computed() -> None:
    assert holm([0.01, 0.04], among=10) == pytest.approx([0.1, 0.36])
