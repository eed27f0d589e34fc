"""What a run leaves behind in numbers: predictions_*.csv, metrics.json and a small table."""

import csv
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer
from rich.console import Console
from rich.table import Table

from solobox.baselines import baselines
from solobox.boxes import to_corners
from solobox.callbacks.clock import Clock
from solobox.callbacks.hparams import HParams
from solobox.data.datamodule import DataModule
from solobox.data.split import Split
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.predict import predict_split
from solobox.metrics import Results, evaluate
from solobox.models.localiser import Localiser

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


def judge(
    model: Localiser, data: DataModule, trainer: Trainer, directory: Path, *, seed: int
) -> float:
    """Judge best.ckpt on validation and test, into files and on the screen.

    Returns:
        Top-1 Loc@.5 on validation.
    """
    state = read_checkpoint(directory / "checkpoints" / "best.ckpt")["state_dict"]
    prefix = "model."
    model.load_state_dict({k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)})
    device = trainer.strategy.root_device
    figures: dict[str, Any] = {}
    for name in [split for split in ("val", "test") if split in data.source.splits]:
        split = data.val if name == "val" else data.source.split(name)
        results = predict_split(model, data.in_order(split), split, device)
        write_predictions(directory / f"predictions_{name}.csv", split, results)
        values = evaluate(results, split.classes) | baselines(
            torch.from_numpy(data.train.labels),
            torch.from_numpy(data.train.boxes),
            results.labels,
            results.targets,
        )
        figures |= {f"{name}/{key}": value for key, value in values.items()}
    (clock,) = (c for c in trainer.callbacks if isinstance(c, Clock))  # type: ignore[attr-defined]
    figures |= {
        "seconds": clock.seconds,
        "images_per_s": clock.images_per_s,
        "git_commit": _git_commit(),
        "seed": seed,
    }
    write_metrics(directory / "metrics.json", figures)
    HParams.finish(trainer, figures)
    print_table(figures, directory)
    return figures["val/loc_50"]


def _git_commit() -> str | None:
    """Commit of the code at work, or None where it does not lie in a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def write_predictions(path: Path, split: Split, results: Results) -> None:
    """A row an image: what is there and what was said; boxes as corners in pixels."""
    scale = results.sizes.repeat(1, 2)
    said = (to_corners(results.boxes) * scale).tolist()
    truth = (to_corners(results.targets) * scale).tolist()
    corners = ("x1", "y1", "x2", "y2")
    header = [
        "path", "true", "predicted", *(f"p_{name}" for name in split.classes),
        *corners, *(f"true_{name}" for name in corners), "iou",
    ]  # fmt: skip
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        predicted, iou = results.predicted.tolist(), results.iou.tolist()
        for i, name in enumerate(split.paths):
            probabilities = [f"{p:.6f}" for p in results.probabilities[i].tolist()]
            numbers = [f"{v:.2f}" for v in said[i] + truth[i]]
            labels = [split.classes[results.labels[i]], split.classes[predicted[i]]]
            writer.writerow([name, *labels, *probabilities, *numbers, f"{iou[i]:.6f}"])


def write_metrics(path: Path, figures: dict[str, Any]) -> None:
    """Write metrics.json whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)


def print_table(figures: dict[str, Any], directory: Path) -> None:
    """The small table at the end of a run."""
    splits = [split for split in ("val", "test") if f"{split}/acc" in figures]
    table = Table(title=f"best.ckpt of {directory}", title_justify="left")
    table.add_column("")
    for split in splits:
        table.add_column(f"{split} (n={figures[f'{split}/n']:.0f})", justify="right")
        table.add_column("constant", justify="right", style="dim")
    for key, name in SHOWN.items():
        cells = []
        for split in splits:
            cells.append(f"{figures[f'{split}/{key}']:.3f}")
            constant = CONSTANT.get(key)
            cells.append(f"{figures[f'{split}/{constant}']:.3f}" if constant else "")
        table.add_row(name, *cells)
    console = Console()
    console.print(table)
    console.print(
        f"{figures['seconds']:.0f} s of training, {figures['images_per_s']:.0f} images/s. "
        "constant: the majority class and the best constant box, for comparison.",
        highlight=False,
    )
