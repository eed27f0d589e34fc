"""Labels that training doubts."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.cli.test_train import Train

from solobox.data.synthetic import Synthetic
from solobox.suspects import doubts, write_suspects


def rows(path: str) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_class_or_a_box_is_doubted_and_what_was_never_shown_is_not() -> None:
    agreement = np.array([[0.9, 0.9], [0.1, 0.9], [0.9, 0.1], [0.9, 0.5], [np.nan, np.nan]])
    assert doubts(agreement.astype(np.float32)) == pytest.approx([0.1, 0.9, 0.8, 0.1, 0])


def test_the_most_doubtful_come_first_with_their_labelled_box(tmp_path: Path) -> None:
    split = Synthetic(train=4, size=32).split("train")
    agreement = torch.tensor([[0.9, 0.9], [0.4, 0.9], [0.9, 0.05], [0.6, 0.9]])
    assert write_suspects(tmp_path / "s.csv", split, agreement) == 2
    found = rows(str(tmp_path / "s.csv"))
    assert [row["path"] for row in found] == ["synthetic/train/2", "synthetic/train/1"]
    assert found[0]["label"] == split.classes[split.labels[2]]
    x, y, w, h = (32 * split.boxes[2]).tolist()
    corners = [float(found[0][key]) for key in ("x1", "y1", "x2", "y2")]
    assert corners == pytest.approx([x - w / 2, y - h / 2, x + w / 2, y + h / 2], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [["label_noise=0.05"], ["label_noise=0.025", "box_noise=0.025"]])
def test_planted_errors_are_at_the_top(train: Train, noise: list[str]) -> None:
    """Of 5 % wrong labels in the embedded data set, .8 of the top 5 % are wrong."""
    train("trainer=cpu", "report=false", "hydra.run.dir=run", *(f"data.{n}" for n in noise))
    spoilt = {key: float(value) for key, value in (n.split("=") for n in noise)}
    clean, shown = (Synthetic(**kw).split("train") for kw in ({}, spoilt))
    wrong = (clean.labels != shown.labels) | (clean.boxes != shown.boxes).any(1)
    top = [int(row["path"].split("/")[-1]) for row in rows("run/suspects.csv")][: len(wrong) // 20]
    assert len(top) == len(wrong) // 20
    assert wrong[top].mean() >= 0.8
