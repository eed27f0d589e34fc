"""`solobox evaluate CKPT`: what a checkpoint is worth, on its own images or on others."""

import argparse
import shlex
from collections.abc import Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser

from solobox.cli.beside import sentences, settings_of
from solobox.cli.choices import config_dir
from solobox.cli.resume import check_targets, with_value
from solobox.cli.settings import Settings
from solobox.errors import ConfigError, RunDirectoryError

ALL = "all"


def main() -> None:
    """Entry point of `solobox evaluate`."""
    parser = argparse.ArgumentParser(
        prog="solobox evaluate",
        description="Judge a checkpoint: figures, predictions and a page in a new directory.",
    )
    parser.add_argument("checkpoint", type=Path, help="such as runs/NAME/checkpoints/best.ckpt")
    parser.add_argument(
        "options", nargs="*", metavar="option",
        help="other than in the run, such as data.root=FOLDER, data=coco or evaluate.zoom=true",
    )  # fmt: skip
    parser.add_argument(
        "--split", choices=("train", "val", "test", ALL),
        help="one split; all: every image of a folder, not divided. Without it: val and test",
    )  # fmt: skip
    parser.add_argument(
        "--recall", type=float, metavar="R",
        help="in (0, 1]: choose each class's threshold for this recall, on val if it is judged",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="directory; without it runs/evaluate-NAME")
    arguments = parser.parse_intermixed_args()
    with sentences(arguments.options):
        evaluate(arguments)


def evaluate(arguments: argparse.Namespace) -> None:
    """Judge, and leave metrics.json, predictions_*.csv and report.html behind."""
    import torch

    from solobox.cli.build import build_source
    from solobox.cli.judge import judged
    from solobox.engine.load import load_model
    from solobox.engine.quiet import quiet
    from solobox.models.asked import asked
    from solobox.report import print_table, write_metrics
    from solobox.study.run_page import write_report
    from solobox.study.runs import Run, read_predictions

    quiet()
    if arguments.recall is not None and not 0 < arguments.recall <= 1:
        raise ConfigError(f"--recall must be in (0, 1]; found {arguments.recall}")
    model, stored = load_model(arguments.checkpoint)
    settings = settings_for(stored, arguments.options, model.classes)
    source = build_source(settings["data"])
    if source.classes != model.classes:
        raise ConfigError(
            f"{arguments.checkpoint} knows {', '.join(model.classes)}; the images are of "
            f"{', '.join(source.classes)}"
        )
    splits, train = chosen(source, arguments.split)
    for note in source.notes:
        print(f"data: {note}")
    directory = place(arguments.out, arguments.checkpoint)
    figures = judged(
        asked(model, **settings["evaluate"]), splits, train, directory,
        batch_size=settings["data"]["batch_size"],
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    )  # fmt: skip
    predictions = {name: read_predictions(directory / f"predictions_{name}.csv") for name in splits}
    figures |= {"checkpoint": str(arguments.checkpoint), "command": command(arguments)}
    print_table(figures, str(arguments.checkpoint))
    if arguments.recall is not None:
        figures |= at_recall(predictions, arguments.recall)
    write_metrics(directory / "metrics.json", figures)
    run = Run(directory, {**stored, **settings}, figures, [], predictions)
    print(f"page: {write_report(run)}")


def settings_for(stored: Settings, typed: Sequence[str], classes: Sequence[str]) -> Settings:
    """The run's `data` and `evaluate`, with what was typed.

    Raises:
        HydraException: an option that does not exist.
        ConfigError: an option that is not about the images or how the model is asked, or would
            show the model other images than it is made for.
    """
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        check_targets(stored["data"])
    settings = {key: dict(stored[key]) for key in ("data", "evaluate")}
    layout = stored["data"].get("format", {"name": "synthetic"})["name"]
    composed = settings_of([f"data={layout}", *typed])
    for override in OverridesParser.create().parse_overrides(list(typed)):
        key = override.key_or_group
        group, _, path = key.partition(".")
        if group not in settings:
            raise ConfigError(f"{key}: evaluate takes data=..., data.* and evaluate.*")
        if path in ("size", "resize", "classes"):
            raise ConfigError(f"{key} is part of the checkpoint and stays as it is")
        if key == "data":
            kept = {k: v for k, v in stored["data"].items() if k in ("size", "resize")}
            settings["data"] = composed["data"] | kept
    for override in OverridesParser.create().parse_overrides(list(typed)):
        group, _, path = override.key_or_group.partition(".")
        if path:
            value = reduce(getitem, path.split("."), composed[group])
            settings[group] = with_value(settings[group], path, value)
    if "classes" in settings["data"]:
        settings["data"]["classes"] = list(classes)
    return settings


def chosen(source: Any, wanted: str | None) -> tuple[dict[str, Any], Any]:
    """The splits to judge by name, and the training split if the images have one.

    Raises:
        ConfigError: there is no such split.
    """
    if wanted == ALL:
        if not hasattr(source, "whole"):
            raise ConfigError("--split all is for a folder; the embedded data has train, val, test")
        return {ALL: source.whole()}, None
    splits = source.load()
    if wanted is None:
        return {name: split for name, split in splits.items() if name != "train"}, splits["train"]
    if wanted not in splits:
        raise ConfigError(f"--split {wanted}: the images have {', '.join(splits)}")
    return {wanted: splits[wanted]}, splits["train"]


def place(out: Path | None, checkpoint: Path) -> Path:
    """A directory for what comes out.

    Raises:
        RunDirectoryError: it holds figures already, or cannot be made.
    """
    from solobox.engine.run_directory import METRICS_FILE, claim_new, safe_name

    if out is None:
        where = checkpoint.resolve().parent
        name = where.parent.name if where.name == "checkpoints" else checkpoint.stem
        return claim_new(Path("runs"), safe_name(f"evaluate-{name}"))
    if (out / METRICS_FILE).exists():
        raise RunDirectoryError(f"{out} holds figures already; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    return out


def at_recall(predictions: dict[str, Any], wanted: float) -> dict[str, float]:
    """Print each class's threshold for a recall, chosen on val, and what it gives on each split."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from solobox.study.recall import at_threshold, curve, threshold_for

    on = "val" if "val" in predictions else next(iter(predictions))
    table = Table(title=f"thresholds for a recall of {wanted:g} on {on}", title_justify="left")
    table.add_column("")
    table.add_column("threshold", justify="right")
    for name in predictions:
        table.add_column(f"precision {name}", justify="right")
        table.add_column(f"recall {name}", justify="right")
    figures = {}
    for name in predictions[on].classes:
        found = threshold_for(curve(predictions[on], name, localised=False), wanted)
        if found is None:  # no image of this class
            continue
        threshold, _ = found
        cells = [f"{threshold:.4f}"]
        figures[f"threshold/{name}"] = threshold
        for split, said in predictions.items():
            precision, recall = at_threshold(said, name, threshold)
            cells += [f"{precision:.3f}", f"{recall:.3f}"]
            figures[f"{split}/threshold_precision/{name}"] = precision
            figures[f"{split}/threshold_recall/{name}"] = recall
        table.add_row(escape(name), *cells)
    Console().print(table)
    return figures


def command(arguments: argparse.Namespace) -> str:
    """What was typed."""
    words = ["solobox", "evaluate", str(arguments.checkpoint), *arguments.options]
    for option in ("split", "recall", "out"):
        if (value := getattr(arguments, option)) is not None:
            words += [f"--{option}", str(value)]
    return shlex.join(words)
