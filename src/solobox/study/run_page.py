"""A run's own page, report.html: what came out, where it fails, and how to get it again."""

import csv
from pathlib import Path

import jinja2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from solobox.atomic import replacing
from solobox.cells import unguarded
from solobox.report import CONSTANT, SHOWN, VERDICTS
from solobox.study import run_charts
from solobox.study.embedded import address, jpeg, png
from solobox.study.pictures import picture
from solobox.study.recall import at_threshold, thresholds_for
from solobox.study.runs import SPLITS, Predictions, Run
from solobox.suspects import FILE as SUSPECTS

PAGE = "report.html"
WORST, RANDOM, SUSPECTED = 24, 12, 12  # images shown
RECALL = 0.95  # for which a threshold is given


def write_report(run: Run) -> Path:
    """Write report.html into a run's directory.

    Raises:
        OSError: it cannot be written.
    """
    split = next(s for s in (*SPLITS, *run.predictions) if s in run.predictions)
    said = run.predictions[split]
    wanted, recalled = run.metrics.get("recall", RECALL), run.metrics.get("recall_on", split)
    thresholds = thresholds_for(run.predictions, recalled, wanted)
    worst, others = _picked(said, run.seed)
    doubtful = _suspects(run.directory / SUSPECTS)
    figures: list[tuple[str, Figure | None]] = [
        ("Learning curves", run_charts.learning(run.history)),
        ("Balance of both losses", run_charts.balance(run.history)),
        ("Confusion matrix", run_charts.confusion(said)),
        ("Reliability", run_charts.reliability(said)),
        ("Precision and recall", run_charts.precision_recall(said)),
        ("IoU", run_charts.overlap(said.iou)),
    ]
    template = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    text = jinja2.Environment(autoescape=True).from_string(template).render(
        name=run.directory.resolve().name, split=split, n=len(said.paths),
        metrics=run.metrics, splits=sorted(run.predictions, reverse=True),  # val, test
        shown=SHOWN, constant=CONSTANT, classes=said.classes, recall=wanted,
        recalled=recalled,
        thresholds={name: (t, at_threshold(said, name, t)[0]) for name, t in thresholds.items()},
        figures=[(caption, address("image/png", png(f))) for caption, f in figures if f],
        worst=[_shown(run, said, i) for i in worst],
        others=[_shown(run, said, i) for i in others],
        suspects=[_doubted(run, row) for row in doubtful[:SUSPECTED]], doubtful=len(doubtful),
    )  # fmt: skip
    page = run.directory / PAGE
    with replacing(page) as file:
        file.write(text)
    return page


def _picked(said: Predictions, seed: int) -> tuple[list[int], list[int]]:
    """The worst images (both wrong first, then by IoU), and some of the others by chance."""
    order = np.lexsort((said.iou, said.scores("loc_50")))
    worst, rest = order[:WORST].tolist(), order[WORST:]
    draw = np.random.default_rng(seed)
    return worst, sorted(draw.choice(rest, min(RANDOM, len(rest)), replace=False).tolist())


def _suspects(path: Path) -> list[dict[str, str]]:
    """Training images that were doubted, the most doubtful first; none of an evaluation."""
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [unguarded(row) for row in csv.DictReader(file)]


def _doubted(run: Run, row: dict[str, str]) -> tuple[str, str]:
    """Picture and caption of a doubtful training image."""
    corners = np.array([float(row[key]) for key in ("x1", "y1", "x2", "y2")])
    image = picture(row["path"], run.config, corners, [])
    caption = f"{Path(row['path']).name}: labelled {row['label']} (believed {row['p_label']}), "
    return address("image/jpeg", jpeg(image)) if image else "", caption + f"IoU {row['iou']}"


def _shown(run: Run, said: Predictions, i: int) -> tuple[str, str]:
    """Picture and caption of an image."""
    boxes: list[NDArray[np.float64]] = [said.boxes[i]]
    image = picture(said.paths[i], run.config, said.targets[i], boxes)
    verdict = VERDICTS[bool(said.right[i]), bool(said.iou[i] >= 0.5)]
    caption = f"{Path(said.paths[i]).name}: {said.true[i]}, said {said.predicted[i]} "
    caption += f"({said.probabilities[i].max():.2f}), IoU {said.iou[i]:.2f}: {verdict}"
    return (address("image/jpeg", jpeg(image)) if image else "", caption)
