"""What a class or a file is called is never a formula in a table that we write."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import torch

from solobox.data.canvas import Canvas
from solobox.data.split import Split
from solobox.data.split_file import Listed, check_same_images, read_split, write_split
from solobox.inference.answer import Answer
from solobox.inference.writers.csv import write
from solobox.metrics import Results
from solobox.report import write_predictions
from solobox.study.run_page import _suspects
from solobox.study.runs import read_predictions
from solobox.study.study_page import _write_csv
from solobox.suspects import write_suspects

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\uff1d1+1",
    "\uff20SUM(A1)",
    "\t=1",
    "\r=1",
    "'=1",
    "a=1",
    "\udcff",
]
NAMES = [f"{formula}.jpg" for formula in FORMULAS]


def split() -> Split:
    n = len(NAMES)
    return Split(
        images=np.zeros((n, 8, 8, 3), np.uint8), labels=np.arange(n),
        boxes=np.tile(np.float32([0.5, 0.5, 0.4, 0.4]), (n, 1)), sizes=np.full((n, 2), 8),
        paths=NAMES, classes=tuple(FORMULAS), canvas=Canvas(8, "squash"),
    )  # fmt: skip


def assert_no_formula(path: Path) -> None:
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            computed = (
                cell[:1] in tuple("=+-@\t\r\n\uff1d\uff20")
                and not cell[1:].replace(".", "").isdigit()
            )
            assert not computed, f"{path.name}: {cell!r}"


def test_predictions_hold_no_formula_and_come_back(tmp_path: Path) -> None:
    here, n = split(), len(NAMES)
    said = torch.tensor([[-0.5, 0.5, 0.4, 0.4]]).repeat(n, 1)  # its left edge is a negative number
    boxes, sizes = torch.from_numpy(here.boxes), torch.from_numpy(here.sizes)
    results = Results(torch.eye(n).log_softmax(-1), said, torch.arange(n), boxes, sizes)
    path = tmp_path / "predictions_test.csv"
    write_predictions(path, here, results)
    assert_no_formula(path)
    read = read_predictions(path)
    assert read.paths == NAMES
    assert list(read.true) == list(read.predicted) == list(read.classes) == FORMULAS
    assert (read.boxes[:, 0] < 0).all()


def test_suspects_hold_no_formula_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "suspects.csv"
    write_suspects(path, split(), torch.zeros(len(NAMES), 2))
    assert_no_formula(path)
    rows = _suspects(path)
    assert [row["path"] for row in rows] == NAMES
    assert [row["label"] for row in rows] == FORMULAS


def test_a_split_holds_no_formula_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "split.csv"
    rows = [Listed(name, "train", label) for name, label in zip(NAMES, FORMULAS, strict=True)]
    write_split(path, rows)
    assert_no_formula(path)
    assert read_split(path) == dict.fromkeys(NAMES, "train")
    check_same_images(rows, path)


def test_a_table_of_answers_holds_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    sure, box = dict.fromkeys(FORMULAS, 0.1), (-1.5, 0.0, 4.0, 4.0)
    answers = [
        (Path(name), Answer(label, 1.0, sure, box, (8, 8)))
        for name, label in zip(NAMES, FORMULAS, strict=True)
    ]
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        write(answers, file, FORMULAS)
    assert_no_formula(path)
    assert "-1.50" in path.read_text(encoding="utf-8", errors="surrogateescape")


@pytest.mark.parametrize("formula", FORMULAS)
def test_tables_of_a_study_hold_no_formula(tmp_path: Path, formula: str) -> None:
    _write_csv(tmp_path / "leaderboard.csv", [["configuration", "seeds"], [formula, "-3"]])
    assert_no_formula(tmp_path / "leaderboard.csv")
