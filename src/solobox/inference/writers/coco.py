"""COCO's results format: a list of detections, one for each image."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from solobox.inference.answer import Answer

FILE = "predictions.json"


def write(answers: Iterable[tuple[Path, Answer]], to: TextIO, classes: Sequence[str]) -> None:
    """Boxes are left, top, width and height in pixels.

    Images are numbered from 1 as they come and categories as the model has them, C1 is 1; COCO
    knows neither names nor files, so both are added to each row.
    """
    numbers = {name: number for number, name in enumerate(classes, 1)}
    before = "[\n"
    for image_id, (path, answer) in enumerate(answers, 1):
        left, top, right, bottom = answer.box
        row = {
            "image_id": image_id,
            "category_id": numbers[answer.label],
            "bbox": [round(v, 2) for v in (left, top, right - left, bottom - top)],
            "score": round(answer.probability, 6),
            "file_name": str(path),
            "category": answer.label,
        }
        to.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n"
    to.write("[]\n" if before == "[\n" else "\n]\n")
