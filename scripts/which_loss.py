"""Which loss, which combination? `make which-loss`, which writes docs/which_loss.md.

    python scripts/which_loss.py                                 # every bench on the embedded data
    python scripts/which_loss.py balanced outliers               # some of them
    python scripts/which_loss.py photographs --folder FOLDER --weights FILE

A bench is a sweep of train.py: pairs of losses x combinations x seeds, short runs on one core each,
as many at once as there are cores. It can be stopped and started: a sweep skips what is finished.
Scores are those of the test split (photographs without one: validation), of the best checkpoint.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from solobox.cli.train import main as train
from solobox.study.configurations import Configuration, configurations
from solobox.study.embedded import png
from solobox.study.leaderboard import LEVEL, METRICS, leaderboard, spread
from solobox.study.paired import Comparison, compare, holm
from solobox.study.runs import find_runs
from solobox.study.sections import put_section

RUNS, DOCS = Path("runs/which_loss"), Path(__file__).parents[1] / "docs"
PAIRS = ("ce_l2", "ce_l1", "ce_giou", "ce_ciou", "focal_balancedl1", "logistic_ciou", "hinge_l1",
         "yolo_v1")  # fmt: skip
COMBINE = ("sum", "max", "uncertainty", "calibrated")
USUAL_PAIR, USUAL_COMBINE = ("cross_entropy", "l2"), "sum"  # what the others are compared with
DECIDES, ALSO = "loc_50", ("iou", "acc")

# What lets a model learn both tasks in 6,144 images: small batches, objects that are not small.
DRAWN = ("data.size=64", "data.train=1536", "data.val=256", "data.epochs=4", "data.batch_size=16",
         "scheduler=constant", "trainer=cpu")  # fmt: skip
LARGE, SMALL = "data.scale=[0.3,0.875]", "data.scale=[0.15,0.4]"
BENCHES = {
    "balanced": (*DRAWN, LARGE),
    "imbalanced": (*DRAWN, LARGE, "data.imbalance=10"),
    "outliers": (*DRAWN, LARGE, "data.box_noise=0.1"),
    "small": (*DRAWN, SMALL),
    "photographs": ("data=auto", "model=mobilenet_v2", "model.fine=true", "data.size=64",
                    "data.epochs=6", "trainer=cpu"),
}  # fmt: skip
FEWER = {"photographs": ("ce_l2", "ce_giou", "focal_balancedl1", "logistic_ciou")}  # pairs
MEANS = {
    "balanced": "The embedded data set, objects .3 to .875 of the image.",
    "imbalanced": "Ten training images of C1 for each one of C2; the test split is balanced.",
    "outliers": "A tenth of the training boxes is one from elsewhere; the test boxes are right.",
    "small": "The longer side of the object is .15 to .4 of the image.",
    "photographs": "A pretrained trunk on photographs.",
}


def main() -> None:
    """Train what is missing of the benches, then write their parts of the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("benches", nargs="*", choices=[*BENCHES, []])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--folder", help="of photographs")
    parser.add_argument("--weights", default="DEFAULT", help="of mobilenet_v2, for photographs")
    arguments = parser.parse_args()
    for bench in arguments.benches or [name for name in BENCHES if name != "photographs"]:
        options = list(BENCHES[bench])
        if bench == "photographs":
            if not arguments.folder:
                parser.error("photographs needs --folder")
            options += [f"data.root={arguments.folder}", f"model.weights={arguments.weights}"]
        sweep(RUNS / bench, FEWER.get(bench, PAIRS), options, arguments.seeds)
        runs, faults = find_runs(RUNS / bench)
        found, others = configurations(runs)
        for fault in [*faults, *others]:
            print(f"note: {fault}", file=sys.stderr)
        write(bench, options, found)


def sweep(folder: Path, pairs: Sequence[str], options: Sequence[str], seeds: int) -> None:
    """All runs of a bench, a core each."""
    words = [
        f"loss={','.join(pairs)}", f"loss/combine={','.join(COMBINE)}",
        f"seed={','.join(map(str, range(seeds)))}", f"hydra.sweep.dir={folder}",
        "hydra/launcher=joblib", f"hydra.launcher.n_jobs={os.cpu_count()}",
        "callbacks.box_images.count=0",
    ]  # fmt: skip
    sys.argv = ["train.py", "-m", *options, *words]
    train()


def write(bench: str, options: Sequence[str], found: Sequence[Configuration]) -> None:
    """Put a bench's part into docs/which_loss.md and draw its figure."""
    first = found[0]
    seeds, images = len(first.runs), len(first.predictions[0].paths)
    seconds = float(np.mean([run.metrics["seconds"] for c in found for run in c.runs]))
    lines = [MEANS[bench], "", f"    python train.py {' '.join(options)} loss=... loss/combine=..."]
    lines += ["", f"{len(found)} configurations, {seeds} seeds each, {first.split} split "
              f"(n={images}), {seconds:.1f} s of training a run on one core."]  # fmt: skip
    lines += ["", f"![{METRICS[DECIDES]}](which_loss_{bench}.png)", "", *best(found), ""]
    for title, group, usual in (
        ("losses", pair_of, USUAL_PAIR),
        ("combination", lambda c: c.leaf("combine"), USUAL_COMBINE),
    ):
        head = [title, METRICS[DECIDES], *(METRICS[m] for m in ALSO)]
        lines += ["", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in margins(found, group, usual)]
    (DOCS / f"which_loss_{bench}.png").write_bytes(png(heat(found)))
    put_section(DOCS / "which_loss.md", bench, lines, head=HEAD)


def pair_of(configuration: Configuration) -> tuple[str, str]:
    """Its two losses."""
    return configuration.leaf("classification"), configuration.leaf("localisation")


def best(found: Sequence[Configuration]) -> list[str]:
    """The best cell, and those that cannot be told from it."""
    first = leaderboard(found)[0]
    top = first.configuration
    others = [c for c in found if c is not top]
    against = [compare(top.scores(DECIDES), c.scores(DECIDES)) for c in others]
    corrected = holm([a.p for a in against])
    alike = [c.name for c, p in zip(others, corrected, strict=True) if p >= LEVEL]
    line = f"Highest: **{top.name}**, {first.values[DECIDES][0]:.3f}. "
    if not alike:
        return [line + "All others are worse (Holm)."]
    named = ", ".join(f"*{name}*" for name in alike)
    return [line + f"{len(alike)} of the other {len(others)} cannot be told from it: {named}."]


def margins(
    found: Sequence[Configuration], group: Callable[[Configuration], object], usual: object
) -> list[list[str]]:
    """A row a loss pair over all combinations, or the reverse: means, differences to the usual."""
    members: dict[object, list[Configuration]] = {}
    for c in found:
        members.setdefault(group(c), []).append(c)
    rows = []
    for name in sorted(members, key=lambda n: -mean_scores(members[n], DECIDES).mean()):
        label = " + ".join(name) if isinstance(name, tuple) else str(name)
        cells = []
        for metric in (DECIDES, *ALSO):
            mine = mean_scores(members[name], metric)
            cell = f"{mine.mean():.3f}"
            if name != usual:
                cell += f" ({told(compare(mine, mean_scores(members[usual], metric)))})"
            cells.append(cell)
        rows.append([label, *cells])
    return rows


def mean_scores(found: Sequence[Configuration], metric: str) -> NDArray[np.float64]:
    """(seeds, images), the mean over configurations."""
    return np.mean([c.scores(metric) for c in found], axis=0)


def told(difference: Comparison) -> str:
    """Say "+.021 ± .012"."""
    return f"{difference.difference:+.3f} ± {difference.half:.3f}"


def heat(found: Sequence[Configuration]) -> Figure:
    """Loss pairs x combinations, mean and half of the interval over the seeds in each cell."""
    pairs = list(dict.fromkeys(pair_of(c) for c in found))
    combined = [name for name in COMBINE if any(c.leaf("combine") == name for c in found)]
    table = np.full((len(pairs), len(combined)), np.nan)
    halves = np.zeros_like(table)
    for c in found:
        cell = pairs.index(pair_of(c)), combined.index(c.leaf("combine"))
        table[cell], halves[cell] = spread(c.scores(DECIDES))
    order = np.argsort(-table.mean(1))
    figure = Figure(figsize=(1.6 * len(combined) + 2.6, 0.42 * len(pairs) + 1.2))
    axis = figure.subplots()
    low, high = np.nanmin(table), np.nanmax(table)
    axis.imshow(table[order], vmin=low, vmax=high, cmap="Greens", aspect="auto")
    for row, i in enumerate(order):
        for column in range(len(combined)):
            dark = table[i, column] > (low + high) / 2
            text = f"{table[i, column]:.3f} ± {halves[i, column]:.3f}"
            axis.text(
                column, row, text, ha="center", va="center", size=9,
                color="white" if dark else "black",
            )  # fmt: skip
    axis.set_xticks(range(len(combined)), combined)
    axis.set_yticks(range(len(pairs)), [" + ".join(pairs[i]) for i in order])
    axis.tick_params(length=0)
    axis.set_title(f"{METRICS[DECIDES]}, mean ± half of the 95 % interval", size=10, loc="left")
    return figure


HEAD = """# Which loss?

Pairs of losses, each combined in several ways, in short runs with five seeds. `make which-loss`
writes this page. All runs of a bench judge the same images, so differences are paired; intervals
are 95 % over seeds and images (see `solobox study`). The rows of a table are means over all of the
other choice; in brackets the difference to cross-entropy + L2 and to the plain sum. Short runs say
what learns quickly, not what is best after ten times the training.
"""

if __name__ == "__main__":
    main()
