"""The page of `solobox study`: many runs answered, to look at; one file, works offline."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import jinja2
import numpy as np
from matplotlib.figure import Figure

from solobox.atomic import replacing
from solobox.cells import guarded
from solobox.study import charts
from solobox.study.configurations import Configuration
from solobox.study.embedded import address, jpeg, png
from solobox.study.heat import heat
from solobox.study.leaderboard import METRICS, Pair, Row, leaderboard, pairs
from solobox.study.pictures import picture

PAGE = "study.html"
PARTS = "study"  # folder of the tables and figures as files
WORST = 24  # images shown
DECIDES = "loc_50"


def write_study(folder: Path, found: Sequence[Configuration], faults: Sequence[str]) -> list[Row]:
    """Write study.html, and study/*.csv and *.png beside it; returns the leaderboard.

    Raises:
        OSError: it cannot be written.
    """
    rows = leaderboard(found)
    compared = {metric: pairs(found, metric) for metric in METRICS}
    figures = _figures(rows)
    parts = folder / PARTS
    _write_csv(parts / "leaderboard.csv", _board(rows))
    _write_csv(parts / "pairs.csv", _pair_rows(compared))
    for name, _, figure in figures:
        with replacing(parts / f"{name}.png", binary=True) as file:
            file.write(figure)
    template = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
    best = rows[0].configuration
    text = jinja2.Environment(autoescape=True).from_string(template).render(
        folder=str(folder),
        rows=rows, metrics=METRICS, faults=faults,
        split=best.split, images=len(best.predictions[0].paths),
        runs=sum(len(c.runs) for c in found),
        sentences=[p.sentence() for p in compared[DECIDES] if best in (p.a, p.b)],
        pairs=json.dumps(_for_script(compared)),
        names=[row.configuration.name for row in rows],
        figures=[(caption, address("image/png", figure)) for _, caption, figure in figures],
        worst=_worst(found, best), best=best.name,
        baseline=best.runs[0].metrics,
    )  # fmt: skip
    with replacing(folder / PAGE) as file:
        file.write(text)
    return rows


def _figures(rows: Sequence[Row]) -> list[tuple[str, str, bytes]]:
    """File name, caption and PNG of each figure there is."""
    drawn: list[tuple[str, str, Figure | None]] = [
        ("front", "Accuracy against mean IoU, with 95 % intervals", charts.front(rows)),
        ("failures", "Where images are lost", charts.failures(rows)),
        ("curves_loc_50", "Validation Top-1 Loc@.5, mean and range",
         charts.curves(rows, "loc_50")),
        ("curves_iou", "Validation mean IoU, mean and range", charts.curves(rows, "iou")),
        ("heat_loc_50", "Losses and their combination: Top-1 Loc@.5", heat(rows, "loc_50")),
        ("heat_iou", "Losses and their combination: mean IoU", heat(rows, "iou")),
    ]  # fmt: skip
    return [(name, caption, png(figure)) for name, caption, figure in drawn if figure]


def _board(rows: Sequence[Row]) -> list[list[str]]:
    head = ["configuration", "seeds", "seconds"]
    head += [f"{metric}{end}" for metric in METRICS for end in ("", "_half")]
    return [head] + [
        [row.configuration.name, str(len(row.configuration.runs)), f"{row.seconds:.1f}"]
        + [f"{value:.6f}" for metric in METRICS for value in row.values[metric]]
        for row in rows
    ]


def _pair_rows(compared: dict[str, list[Pair]]) -> list[list[str]]:
    head = ["metric", "a", "b", "seeds", "images", "a_minus_b", "low", "high", "p", "p_holm",
            "only_a_right", "only_b_right", "mcnemar_p"]  # fmt: skip
    return [head] + [
        [metric, p.a.name, p.b.name, str(p.found.seeds), str(p.found.images)]
        + [f"{v:.6f}" for v in (p.found.difference, p.found.low, p.found.high, p.found.p, p.p)]
        + [str(p.only_a), str(p.only_b), f"{p.mcnemar:.6f}"]
        for metric, some in compared.items()
        for p in some
    ]


def _for_script(compared: dict[str, list[Pair]]) -> dict[str, dict[str, str]]:
    """Sentences by metric and by the two names, for the page to look up."""
    return {
        metric: {
            "\n".join(sorted((p.a.name, p.b.name))): f"{p.sentence()}. p = {p.p:.2g} "
            f"(Holm, all pairs). McNemar, Top-1 Loc@.5: {p.a.name} alone is right on "
            f"{p.only_a} images, {p.b.name} alone on {p.only_b}; p = {p.mcnemar:.2g}, uncorrected."
            for p in some
        }
        for metric, some in compared.items()
    }


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    with replacing(path) as file:
        csv.writer(file).writerows(map(guarded, rows))


def _worst(found: Sequence[Configuration], best: Configuration) -> list[tuple[str, str]]:
    """Images that most runs have wrong, with the best configuration's boxes; captions."""
    said = [one for c in found for one in c.predictions]
    right = np.mean([one.scores(DECIDES) for one in said], axis=0)
    iou = np.mean([one.iou for one in said], axis=0)
    shown = []
    for i in np.lexsort((iou, right))[:WORST]:
        if right[i] == 1:
            break
        name = said[0].paths[i]
        boxes = [one.boxes[i] for one in best.predictions]
        image = picture(name, best.runs[0].config, said[0].targets[i], boxes)
        wrong = round(len(said) * (1 - right[i]))
        caption = f"{Path(name).name}, {said[0].true[i]}: wrong in {wrong} of {len(said)} runs, "
        caption += f"mean IoU {iou[i]:.2f}"
        shown.append((address("image/jpeg", jpeg(image)) if image else "", caption))
    return shown
