"""Draw a finished run: its validation pictures with boxes, and its curves.

    python scripts/figures.py runs/NAME --out docs

Writes docs/predictions.png and docs/curves.png. Needs, for photographs, the images where
predictions_val.csv says they are.
"""

import argparse
import csv
from dataclasses import fields
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle
from omegaconf import OmegaConf
from PIL import Image

from solobox.data.synthetic import Synthetic

mpl.use("Agg")


def main() -> None:
    """Read the run and write both pictures."""
    parser = argparse.ArgumentParser(description="Draw a finished run.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--count", type=int, default=8, help="pictures, evenly picked")
    arguments = parser.parse_args()
    arguments.out.mkdir(exist_ok=True)
    predictions(arguments.run, arguments.count, arguments.out / "predictions.png")
    curves(arguments.run, arguments.out / "curves.png")


def predictions(run: Path, count: int, path: Path) -> None:
    """Validation pictures, evenly picked: true box white, predicted green (red: wrong class)."""
    with open(run / "predictions_val.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    picked = [rows[i * len(rows) // count] for i in range(min(count, len(rows)))]
    figure, axes = plt.subplots(-(-len(picked) // 4), 4, figsize=(12, 2.5 * -(-len(picked) // 4)))
    for axis, row in zip(axes.flat, picked, strict=False):
        image = picture(run, row["path"])
        # Boxes are continuous: the picture spans 0 to its width, not -.5 to width - .5.
        axis.imshow(image, extent=(0, image.width, image.height, 0))
        right = row["true"] == row["predicted"]
        _frame(axis, [float(row[f"true_{k}"]) for k in ("x1", "y1", "x2", "y2")], "white")
        _frame(axis, [float(row[k]) for k in ("x1", "y1", "x2", "y2")], "lime" if right else "red")
        confidence = float(row[f"p_{row['predicted']}"])
        axis.set_title(f"{row['predicted']} {confidence:.2f}, IoU {float(row['iou']):.2f}", size=9)
    for axis in axes.flat:
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=75)


def picture(run: Path, path: str) -> Image.Image:
    """The image a row of predictions_val.csv is about; the embedded data set is drawn anew."""
    if not path.startswith("synthetic/"):
        return Image.open(path).convert("RGB")
    settings = OmegaConf.to_container(OmegaConf.load(run / "config.yaml").data)
    known = {field.name for field in fields(Synthetic)} - {"cache_dir"}
    split = Synthetic(**{k: v for k, v in settings.items() if k in known}).split("val")
    return Image.fromarray(split.images[int(path.rpartition("/")[2])])


def curves(run: Path, path: Path) -> None:
    """Both losses and the validation metrics over the epochs."""
    with open(run / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) + 1 for row in rows]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.2))
    for name in ("classification", "localisation"):
        left.plot(epochs, [float(row[f"loss/{name}"]) for row in rows], label=f"{name} loss")
    for key, name in (("acc", "accuracy"), ("iou", "mean IoU"), ("loc_50", "Top-1 Loc@.5")):
        right.plot(epochs, [float(row[f"val/{key}"]) for row in rows], label=f"validation {name}")
    left.set_yscale("log")
    right.set_ylim(0, 1)
    for axis in (left, right):
        axis.set_xlabel("epoch")
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, dpi=75)


def _frame(axis: plt.Axes, corners: list[float], colour: str) -> None:
    x1, y1, x2, y2 = corners
    axis.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color=colour, linewidth=2))


if __name__ == "__main__":
    main()
