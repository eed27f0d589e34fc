"""Who pulls how hard while a run goes on, and what comes of it: docs/balance.png.

    python -m scripts.balance_figure        # about six minutes on a core

Trains five of the cases of scripts/reproduce_forum.py, three seeds each, where they are not
finished yet (`make forum` has them all), and draws a line a case from each run's history.csv.
"""

import csv
import math
import statistics
import sys
from pathlib import Path

from matplotlib.figure import Figure
from scripts.reproduce_forum import BUDGET, CASES, DOCS, run

from solobox.cli.train import main as train

SEEDS = range(3)
SHOWN = {
    "cross-entropy + L2 / 1000": "tab:red",
    "box loss x 50": "tab:orange",
    "calibrated": "tab:blue",
    "IMTL-G": "tab:purple",
    "geometric mean": "tab:green",
}


def main() -> None:
    """Train what is missing, then draw."""
    for name in SHOWN:
        for seed in SEEDS:
            if not (run(name, seed) / "metrics.json").is_file():
                place = f"hydra.run.dir={run(name, seed)}"
                sys.argv = ["train.py", *CASES[name][1], *BUDGET, f"seed={seed}", place]
                train()
    draw({name: [history(run(name, seed)) for seed in SEEDS] for name in SHOWN})


def history(directory: Path) -> list[dict[str, float]]:
    """The rows of a run's history.csv."""
    with open(directory / "history.csv", newline="", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def draw(found: dict[str, list[list[dict[str, float]]]]) -> None:
    """Left the pull of the box over that of the class, right the metric that counts both."""
    figure = Figure(figsize=(10, 3.4))
    pulls, metric = figure.subplots(1, 2)
    for name, runs in found.items():
        epochs = [row["epoch"] + 1 for row in runs[0]]
        rows = list(zip(*runs, strict=True))  # of each epoch, a row a seed
        ratio = [math.exp(statistics.fmean(map(_log_ratio, row))) for row in rows]
        pulls.plot(epochs, ratio, "o-", color=SHOWN[name], label=name)
        reached = [statistics.fmean(each["val/loc_50"] for each in row) for row in rows]
        metric.plot(epochs, reached, "o-", color=SHOWN[name], label=name)
    pulls.axhspan(1 / 3, 3, color="tab:grey", alpha=0.2, label="neither dominates", linewidth=0)
    pulls.set_yscale("log")
    pulls.set_title("pull of the box / pull of the class", size=10)
    metric.set_title("validation Top-1 Loc@.5", size=10)
    metric.set_ylim(0, 1)
    for axis in (pulls, metric):
        axis.set_xlabel("epoch")
        axis.set_xticks(epochs)
        axis.grid(alpha=0.3)
    figure.legend(*pulls.get_legend_handles_labels(), loc="lower center", ncols=3, frameon=False)
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    figure.savefig(DOCS / "balance.png", dpi=80)
    print(f"wrote {DOCS / 'balance.png'}")


def _log_ratio(row: dict[str, float]) -> float:
    return math.log(row["balance/pull_box"] / row["balance/pull_class"])


if __name__ == "__main__":
    main()
