"""What a run leaves behind in numbers: predictions_*.csv, metrics.json and a small table."""

import csv
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from solobox.atomic import replacing
from solobox.boxes import to_corners
from solobox.cells import guarded
from solobox.data.split import Split
from solobox.metrics import Results

SHOWN = {
    "acc": "accuracy",
    "iou": "mean IoU",
    "gt_known_50": "GT-known Loc@.5",
    "loc_50": "Top-1 Loc@.5",
    "loc_70": "Top-1 Loc@.7",
}
CONSTANT = {
    "acc": "majority_acc",
    "iou": "constant_iou",
    "gt_known_50": "constant_gt_known_50",
    "loc_50": "constant_loc_50",
}
VERDICTS = {
    (True, True): "both right", (True, False): "box wrong",
    (False, True): "class wrong", (False, False): "both wrong",
}  # fmt: skip


def write_predictions(path: Path, split: Split, results: Results) -> None:
    """A row an image: what is there and what was said; boxes as corners in pixels."""
    scale = results.sizes.repeat(1, 2)
    said = (to_corners(results.boxes) * scale).tolist()
    truth = (to_corners(results.targets) * scale).tolist()
    corners = ("x1", "y1", "x2", "y2")
    header = [
        "path", "true", "predicted", *(f"p_{name}" for name in split.classes),
        *corners, *(f"true_{name}" for name in corners), "iou", "verdict",
    ]  # fmt: skip
    with replacing(path) as file:
        writer = csv.writer(file)
        writer.writerow(header)
        predicted, iou = results.predicted.tolist(), results.iou.tolist()
        for i, name in enumerate(split.paths):
            probabilities = [f"{p:.6f}" for p in results.probabilities[i].tolist()]
            numbers = [f"{v:.2f}" for v in said[i] + truth[i]]
            labels = [split.classes[results.labels[i]], split.classes[predicted[i]]]
            verdict = VERDICTS[labels[0] == labels[1], iou[i] >= 0.5]
            names = guarded([name, *labels])
            writer.writerow([*names, *probabilities, *numbers, f"{iou[i]:.6f}", verdict])


def write_metrics(path: Path, figures: dict[str, Any]) -> None:
    """Write metrics.json whole or not at all."""
    with replacing(path) as file:
        file.write(json.dumps(figures, indent=1) + "\n")


def print_table(figures: dict[str, Any], title: str) -> None:
    """The small table at the end of a run or an evaluation, with all splits that have figures."""
    splits = [split for split, *rest in (key.split("/") for key in figures) if rest == ["acc"]]
    table = Table(title=escape(title), title_justify="left")
    table.add_column("")
    compared = any(f"{split}/{CONSTANT['acc']}" in figures for split in splits)
    for split in splits:
        table.add_column(f"{split} (n={figures[f'{split}/n']:.0f})", justify="right")
        if compared:
            table.add_column("constant", justify="right", style="dim")
    for key, name in SHOWN.items():
        cells = []
        for split in splits:
            cells.append(f"{figures[f'{split}/{key}']:.3f}")
            constant = figures.get(f"{split}/{CONSTANT.get(key)}")
            if compared:
                cells.append("" if constant is None else f"{constant:.3f}")
        table.add_row(name, *cells)
    Console().print(table)
