"""A table: a row for each image."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from solobox.cells import guarded
from solobox.inference.answer import Answer

FILE = "predictions.csv"


def write(answers: Iterable[tuple[Path, Answer]], to: TextIO, classes: Sequence[str]) -> None:
    """Columns are those of a run's predictions_*.csv as far as nothing true is known."""
    table = csv.writer(to)  # ends lines as its default: with "\n" a name's own "\r" is not quoted
    probabilities = [f"p_{name}" for name in classes]
    table.writerow(["path", "predicted", *probabilities, "x1", "y1", "x2", "y2", "width", "height"])
    for path, answer in answers:
        said = [f"{answer.probabilities[name]:.6f}" for name in classes]
        box = [f"{edge:.2f}" for edge in answer.box]
        table.writerow([*guarded([str(path), answer.label]), *said, *box, *answer.size])
