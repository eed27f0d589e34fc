"""What each piece of a recipe brings: `make recipe`, which writes docs/recipe.md.

    python scripts/ablate.py embedded                                   # the embedded data set
    python scripts/ablate.py photos data.root=FOLDER model.weights=FILE # photographs, pretrained
    python scripts/ablate.py scratch data.root=FOLDER                   # photographs, from scratch

Trains the recipe and, one piece at a time, the recipe without it or with another one, each with
the same seeds, and compares them seed by seed on the validation split. Runs that are finished are
not run again, so it can be stopped and started; several may work on it at once.
"""

import argparse
import json
import re
import shlex
import statistics
import sys
from collections.abc import Iterable
from pathlib import Path

from solobox.cli.evaluate import main as evaluate
from solobox.cli.train import main as train
from solobox.study.sections import put_section
from solobox.study.seeds import STUDENT, interval

RUNS, DOCS = Path("runs/recipe"), Path(__file__).parents[1] / "docs"
METRICS = {"acc": "accuracy", "iou": "mean IoU", "loc_50": "Top-1 Loc@.5"}

HEADS = {f"head {name}": [f"model/head={name}"] for name in
         ("linear", "flatten", "mlp", "decoupled", "class_specific")}  # fmt: skip
OTHERS = {
    "decode exp": ["model/decode=exp"],
    "decode distribution": ["model/decode=distribution"],
    "no average (EMA)": ["callbacks.ema.decay=0.0"],
    "constant learning rate": ["scheduler=constant"],
    "onecycle": ["scheduler=onecycle"],
    "calibrated losses": ["loss/combine=calibrated"],
}
RECIPES = {
    "embedded": (
        ["trainer=cpu"],
        HEADS | {"head voting": ["model/head=voting"], "augment none": ["augment=none"]} | OTHERS,
    ),
    "photos": (
        ["experiment=photos"],
        HEADS
        | {
            "head voting": ["model/head=voting"],
            "augment none": ["augment=none"],
            "augment light": ["augment=light"],
            "augment strong": ["augment=strong"],
            "no label smoothing": ["loss/classification=cross_entropy"],
            "nothing frozen": ["model.frozen=0"],
            "slower trunk": ["model.trunk_lr=0.3"],
            "frozen BatchNorm": ["model.batchnorm=frozen"],
        }
        | OTHERS
        | {
            "no mirror image (flip)": ["evaluate.flip=false"],
            "no second look (zoom)": ["evaluate.zoom=false"],
            "neither": ["evaluate.flip=false", "evaluate.zoom=false"],
        },
    ),
    "scratch": (
        ["experiment=photos_scratch"],
        {
            "head soft_argmax": ["model/head=soft_argmax"],
            "attention not guided": ["model.head.guidance=0.0"],
            "augment standard": ["augment=standard"],
        }
        | OTHERS
        | {
            "mirror image (flip)": ["evaluate.flip=true"],
            "second look (zoom)": ["evaluate.zoom=true"],
        },
    ),
}


def main() -> None:
    """Train what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("options", nargs="*", help="of train.py, for every run")
    parser.add_argument("--seeds", type=int, default=5, choices=STUDENT)
    parser.add_argument("--only", nargs="*", help="words in the names of the variants to run")
    arguments = parser.parse_intermixed_args()
    command = shlex.join(["python", "scripts/ablate.py", *sys.argv[1:]])
    options, variants = RECIPES[arguments.recipe]
    variants = {"the recipe": [], **variants}
    chosen = {
        name: more
        for name, more in variants.items()
        if not arguments.only or any(word in name for word in [*arguments.only, "the recipe"])
    }
    for seed in range(arguments.seeds):
        for name, more in chosen.items():
            directory = folder(arguments.recipe, name, seed)
            if more and all(option.startswith("evaluate.") for option in more):
                judge(folder(arguments.recipe, "the recipe", seed), more, directory)
            else:
                run(directory, [*options, *arguments.options, *more, f"seed={seed}"])
    write(arguments, chosen, command)


def folder(recipe: str, name: str, seed: int) -> Path:
    """Where a run lies."""
    return RUNS / recipe / f"{re.sub('[^a-z0-9]+', '_', name.lower())}-s{seed}"


def run(directory: Path, options: list[str]) -> None:
    """A run of train.py, unless it is there or another process is at it."""
    if directory.exists():
        return
    print(f"{directory}: {' '.join(options)}", flush=True)
    sys.argv = [
        "train.py", *options, f"hydra.run.dir={directory}", "callbacks.box_images.count=0",
        "report=false",
    ]  # fmt: skip
    train()


def judge(trained: Path, options: list[str], directory: Path) -> None:
    """The recipe's own run, judged in another way."""
    if (directory / "metrics.json").is_file() or not (trained / "metrics.json").is_file():
        return
    best = str(trained / "checkpoints" / "best.ckpt")
    sys.argv = ["solobox evaluate", best, *options, "--out", str(directory)]
    evaluate()


def write(arguments: argparse.Namespace, variants: Iterable[str], command: str) -> None:
    """Put the recipe's table into docs/recipe.md, in place of the one before."""
    figures = {}
    for name in variants:
        found = [folder(arguments.recipe, name, s) / "metrics.json" for s in range(arguments.seeds)]
        if all(path.is_file() for path in found):
            figures[name] = [json.loads(path.read_text()) for path in found]
    base = figures["the recipe"]
    n, seeds = base[0]["val/n"], arguments.seeds
    lines = [f"    {command}", ""]
    lines += [f"Validation split, n={n:.0f}, {seeds} seeds; differences to the recipe.", ""]
    lines += ["| variant | " + " | ".join(METRICS.values()) + " | seconds |"]
    lines += ["|---" * (2 + len(METRICS)) + "|"]
    for name, rows in figures.items():
        cells = []
        for key in METRICS:
            values = [row[f"val/{key}"] for row in rows]
            if name != "the recipe":
                values = [v - row[f"val/{key}"] for v, row in zip(values, base, strict=True)]
            mean, half = interval(values)
            sign = "" if name == "the recipe" else "+"
            cells.append(f"{mean:{sign}.3f} ± {half:.3f}")
        trained = rows if "seconds" in rows[0] else base
        seconds = statistics.mean(row["seconds"] for row in trained)
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {seconds:.0f} |")
    put_section(DOCS / "recipe.md", arguments.recipe, lines, head="# The recipe\n")


if __name__ == "__main__":
    main()
