"""`solobox evaluate CKPT`: what a checkpoint is worth, on its own images or on others."""

import argparse
import shlex
from collections.abc import Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from solobox.cli.beside import sentences
from solobox.cli.choices import composed
from solobox.cli.config_files import config_files
from solobox.cli.resume import check_targets, with_value
from solobox.cli.settings import Settings, check_types
from solobox.errors import CheckpointError, ConfigError, RunDirectoryError

if TYPE_CHECKING:
    from solobox.data.datamodule import Source
    from solobox.data.split import Split
    from solobox.study.runs import Predictions

ALL = "all"
MADE_FOR = ("size", "resize")  # settings of data that the model keeps
DIVIDES = ("seed", "val_fraction", "split_file")


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
        help="one split; all: every image of a folder, not divided. Without it: val and test of "
        "the run's own images, all of others",
    )  # fmt: skip
    parser.add_argument(
        "--recall", type=float, metavar="R",
        help="in (0, 1]: choose each class's threshold for this recall, on val if it is judged",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="directory; without it runs/evaluate-NAME")
    parser.add_argument(
        "--config-dir", type=Path, metavar="FOLDER",
        help="config files of your own, such as of a reader that the run used",
    )  # fmt: skip
    arguments = parser.parse_intermixed_args()
    with sentences(arguments.options):
        evaluate(arguments)


def evaluate(arguments: argparse.Namespace) -> None:
    """Judge, and leave metrics.json, predictions_*.csv and report.html behind."""
    import torch

    from solobox.cli.build import build_source
    from solobox.cli.judge import answers, judged
    from solobox.engine.load import load_model
    from solobox.engine.memory import keep_freed_memory
    from solobox.engine.quiet import quiet
    from solobox.models.asked import asked
    from solobox.report import print_table, write_metrics
    from solobox.study.run_page import write_report
    from solobox.study.runs import Run, read_predictions

    quiet()
    keep_freed_memory()
    if arguments.recall is not None and not 0 < arguments.recall <= 1:
        raise ConfigError(f"--recall must be in (0, 1]; found {arguments.recall}")
    trained = load_model(arguments.checkpoint)
    model, stored = trained.model, trained.config
    with config_files(arguments.config_dir):
        settings = settings_for(stored, arguments.options, model.classes)
    source, how = build_source(settings["data"]), settings["evaluate"]
    if source.classes != model.classes:
        raise ConfigError(
            f"{arguments.checkpoint} knows {', '.join(model.classes)}; the images are of "
            f"{', '.join(source.classes)}"
        )
    others = _others(arguments.options)
    splits, train = chosen(source, arguments.split, others=others)
    if arguments.split == ALL and not others:
        print("data: the run's own images, those it was trained on included")
    for note in source.notes:
        print(f"data: {note}")
    directory = place(arguments.out, arguments.checkpoint)
    said = answers(
        asked(model, flip=how["flip"], zoom=how.get("zoom", False)),
        splits,
        batch_size=settings["data"]["batch_size"],
        device=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    )
    figures = judged(said, trained.temperature, splits, train, directory)
    predictions = {name: read_predictions(directory / f"predictions_{name}.csv") for name in splits}
    figures |= {"checkpoint": str(arguments.checkpoint), "command": command(arguments)}
    print_table(figures, str(arguments.checkpoint))
    if arguments.recall is not None:
        figures |= at_recall(predictions, arguments.recall)
    write_metrics(directory / "metrics.json", figures)
    run = Run(directory, {**stored, **settings}, figures, [], predictions)
    print(f"page: {write_report(run)}")


def settings_for(stored: Settings, typed: Sequence[str], classes: Sequence[str]) -> Settings:
    """The run's `data` and `evaluate`, with what was typed; amid config_files().

    Raises:
        HydraException: an option that does not exist.
        ConfigError: an option that is not about the images or how the model is asked, or would
            show the model other images than it is made for, or its training images as others.
        CheckpointError: the run's settings name a class that no config file names.
    """
    check_targets(stored["data"])
    settings = {key: dict(stored[key]) for key in ("data", "evaluate")}
    other = "shards" if ".shards." in stored["data"]["_target_"] else "synthetic"
    reader = stored["data"].get("format")
    layout = reader.get("name") if isinstance(reader, dict) else other
    if layout not in (layouts := GlobalHydra.instance().config_loader().get_group_options("data")):
        raise CheckpointError(
            f"the checkpoint's images are in the layout {str(layout)[:60]!r}; expected one of "
            f"{', '.join(layouts)}"
        )
    now = composed([f"data={layout}", *typed])
    check_types(now, [f"data={layout}", *typed])
    overrides = OverridesParser.create().parse_overrides(list(typed))
    for override in overrides:
        _check_option(override, settings, others=_others(typed))
        if override.key_or_group == "data":
            kept = {k: v for k, v in stored["data"].items() if k in MADE_FOR}
            settings["data"] = {k: kept.get(k, v) for k, v in now["data"].items()}
    for override in overrides:
        group, _, path = override.key_or_group.partition(".")
        if path:
            value = reduce(getitem, path.split("."), now[group])
            settings[group] = with_value(settings[group], path, value)
    if settings["data"]["batch_size"] < 1:
        raise ConfigError(f"data.batch_size must be >= 1; found {settings['data']['batch_size']}")
    if "classes" in settings["data"]:
        settings["data"]["classes"] = list(classes)
    return settings


def _check_option(override: Override, settings: Settings, *, others: bool) -> None:
    key = override.key_or_group
    group, _, path = key.partition(".")
    if group not in settings or override.is_add() or override.is_delete():
        raise ConfigError(
            f"{override.input_line}: evaluate takes data=NAME, data.KEY=VALUE and "
            f"evaluate.KEY=VALUE"
        )
    if not path and (group == "evaluate" or not isinstance(override.value(), str)):
        raise ConfigError(f"{override.input_line}: give one value at a time, {group}.KEY=VALUE")
    if path in (*MADE_FOR, "classes"):
        raise ConfigError(f"{key} is part of the checkpoint and stays as it is")
    if path in DIVIDES and "root" in settings["data"] and not others:
        raise ConfigError(
            f"{key} would divide the run's own images anew, and call some of its training images "
            f"validation; leave it out, or judge other images with data.root"
        )


def _others(typed: Sequence[str]) -> bool:
    """Whether other images than the run's own are meant."""
    return any(option.startswith(("data=", "data.root=")) for option in typed)


def chosen(
    source: "Source", wanted: str | None, *, others: bool
) -> "tuple[dict[str, Split], Split | None]":
    """The splits to judge by name, and the training split if the images have one.

    Raises:
        ConfigError: there is no such split.
        DataError: the images cannot be used, or not divided.
    """
    whole = getattr(source, "whole", None)
    if wanted is None and others and whole is not None:
        wanted = ALL
    if wanted == ALL:
        if whole is None:
            raise ConfigError("--split all is for a folder; the embedded data has train, val, test")
        return {ALL: whole()}, None
    splits = source.load()
    if wanted is None:
        return {name: split for name, split in splits.items() if name != "train"}, splits["train"]
    if wanted not in splits:
        raise ConfigError(f"--split {wanted}: the images have {', '.join(splits)}")
    return {wanted: splits[wanted]}, splits["train"]


def place(out: Path | None, checkpoint: Path) -> Path:
    """A directory for what comes out.

    Raises:
        RunDirectoryError: it belongs to a run, holds figures already, or cannot be made.
    """
    from solobox.engine.run_directory import CONFIG_FILE, METRICS_FILE, claim_new, safe_name

    if out is None:
        where = checkpoint.resolve().parent
        name = where.parent.name if where.name == "checkpoints" else checkpoint.stem
        return claim_new(Path("runs"), safe_name(f"evaluate-{name}"))
    if (out / METRICS_FILE).exists() or (out / CONFIG_FILE).exists():
        raise RunDirectoryError(f"{out} belongs to a run or an evaluation; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    return out


def at_recall(predictions: "dict[str, Predictions]", wanted: float) -> dict[str, Any]:
    """Print each class's threshold for a recall, chosen on val, and what it gives on each split."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from solobox.study.recall import at_threshold, thresholds_for

    on = "val" if "val" in predictions else next(iter(predictions))
    table = Table(title=f"thresholds for a recall of {wanted:g} on {on}", title_justify="left")
    table.add_column("")
    table.add_column("threshold", justify="right")
    for name in predictions:
        table.add_column(f"precision {name}", justify="right")
        table.add_column(f"recall {name}", justify="right")
    figures: dict[str, Any] = {"recall": wanted, "recall_on": on}
    for name, threshold in thresholds_for(predictions, on, wanted).items():
        cells = [f"{threshold:.6f}"]  # all digits there are: the image that decides lies on it
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
    for option in ("split", "recall", "out", "config_dir"):
        if (value := getattr(arguments, option)) is not None:
            words += [f"--{option.replace('_', '-')}", str(value)]
    return shlex.join(words)
