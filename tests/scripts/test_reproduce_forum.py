"""The forum's question: its cases train, its page and figure say what was found."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.command import Outcome

from scripts import reproduce_forum as forum

Train = Callable[..., Outcome]
SMALL = ("trainer=debug", "data.size=32", "data.train=64", "data.val=8", "data.test=8")


@pytest.mark.parametrize("name", forum.CASES)
def test_each_case_composes(train: Train, name: str) -> None:
    assert "_target_" in train(*forum.CASES[name][1], *forum.BUDGET, "--cfg", "job").out


def test_the_question_trains(train: Train) -> None:
    options = forum.CASES["cross-entropy + L2 / 1000"][1]
    assert train(*options, *SMALL).metrics["balance/ratio"] is not None


def fake(value: float, ratio: float | None) -> list[dict[str, float | None]]:
    return [
        {"test/acc": value, "test/iou": value, "test/loc_50": value + 0.01 * s,
         "balance/ratio": ratio} for s in forum.SEEDS
    ]  # fmt: skip


def test_page_and_figure_say_what_was_found(tmp_path: Path) -> None:
    found = {name: fake(0.5, 0.1) for name in forum.CASES}
    found["max{Lc, Ll}"] = fake(0.25, 0.0)
    page = forum.page(found)
    row = next(line for line in page.splitlines() if line.startswith("| max{Lc, Ll} |"))
    # mean of .25 to .29; 2.776 * .0158 / sqrt 5
    assert "| 0 | 0.250 ± 0.000 | 0.250 ± 0.000 | 0.270 ± 0.020 |" in row
    assert len(re.findall(r"^\| [^*|]", page, re.M)) >= len(forum.CASES)
    forum.figure(found, tmp_path / "forum.png")
    with Image.open(tmp_path / "forum.png") as figure:
        assert figure.width > 600
