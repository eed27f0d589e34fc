"""JSON lines: an object a line for each image."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from solobox.inference.answer import Answer

FILE = "predictions.jsonl"


def write(answers: Iterable[tuple[Path, Answer]], to: TextIO, classes: Sequence[str]) -> None:
    """Boxes are left, top, right and bottom in pixels."""
    for path, answer in answers:
        line = {
            "path": str(path),
            "class": answer.label,
            "probability": round(answer.probability, 6),
            "probabilities": {name: round(p, 6) for name, p in answer.probabilities.items()},
            "box": [round(edge, 2) for edge in answer.box],
            "width": answer.size[0],
            "height": answer.size[1],
        }
        to.write(json.dumps(line, ensure_ascii=False) + "\n")
