import json
from pathlib import Path

from tests.study.sweep import write_run

from solobox.study.configurations import Configuration, configurations
from solobox.study.heat import heat
from solobox.study.leaderboard import leaderboard
from solobox.study.runs import find_runs


def of(folder: Path, pairs: list[tuple[str, str]], combine: tuple[str, ...]) -> list[Configuration]:
    for classification, localisation in pairs:
        for scheme in combine:
            place = folder / classification
            run = write_run(place, seed=0, localisation=localisation, combine=scheme)
            config = run / "config.yaml"
            config.write_text(config.read_text().replace("cross_entropy", classification))
            assert json.loads((run / "metrics.json").read_text())
    return configurations(find_runs(folder)[0])[0]


def test_a_full_grid_has_a_panel_for_each_combination(tmp_path: Path) -> None:
    pairs = [(c, box) for c in ("focal", "hinge") for box in ("l1", "giou")]
    figure = heat(leaderboard(of(tmp_path, pairs, ("sum", "max"))), "iou")
    assert figure is not None
    assert [axis.get_title() for axis in figure.axes] == ["max", "sum"]
    assert all(len(axis.texts) == 4 for axis in figure.axes)


def test_a_few_pairs_of_many_are_rows_without_holes(tmp_path: Path) -> None:
    pairs = [("focal", "l1"), ("hinge", "giou"), ("brier", "ciou"), ("poly1", "l2")]
    figure = heat(leaderboard(of(tmp_path, pairs, ("sum", "max"))), "iou")
    assert figure is not None
    (axis,) = figure.axes
    rows = [label.get_text() for label in axis.get_yticklabels()]
    assert rows == ["brier + ciou", "focal + l1", "hinge + giou", "poly1 + l2"]
    assert len(axis.texts) == 8


def test_one_choice_alone_is_no_table(tmp_path: Path) -> None:
    rows = leaderboard(of(tmp_path, [("focal", "l1"), ("focal", "giou")], ("sum",)))
    assert heat(rows, "iou") is None
