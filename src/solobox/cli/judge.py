"""The end of a run: what its best checkpoint is worth."""

import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer

from solobox.baselines import baselines
from solobox.calibration import fit_temperature, tempered
from solobox.callbacks.balance_panel import BalancePanel
from solobox.callbacks.clock import Clock
from solobox.callbacks.collapse import Collapse
from solobox.callbacks.hparams import HParams
from solobox.callbacks.suspects import Suspects
from solobox.cli.program import program
from solobox.cli.verdict import verdict
from solobox.data.datamodule import DataModule, in_order
from solobox.data.split import Split
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.load import store_judgement, weights_in
from solobox.engine.predict import predict_split
from solobox.losses.schedule.constant import Constant
from solobox.metrics import Results, calibration_error, evaluate
from solobox.models.asked import Asked, asked
from solobox.module import SoloboxModule
from solobox.report import SHOWN, print_table, write_metrics, write_predictions
from solobox.suspects import FILE as SUSPECTS
from solobox.suspects import write_suspects


def judge(
    module: SoloboxModule, data: DataModule, trainer: Trainer, directory: Path
) -> dict[str, Any]:
    """Judge best.ckpt on validation and test, and who dominated, into files and on the screen.

    Returns:
        What is in metrics.json.
    """
    model, typed = module.model, module.passport["typed"]
    best = directory / "checkpoints" / "best.ckpt"
    model.load_state_dict(weights_in(read_checkpoint(best)))
    how = module.passport["config"]["evaluate"]
    splits = {name: split for name, split in data.splits.items() if name != "train"}
    said = answers(
        asked(model, flip=how["flip"], zoom=how.get("zoom", False)),
        splits,
        batch_size=data.batch_size,
        device=trainer.strategy.root_device,
    )
    temperature = fit_temperature(said["val"].probabilities, said["val"].labels)
    figures = judged(said, temperature, splits, data.train, directory)
    keys = [f"{name}/{key}" for name in splits for key in ("n", *SHOWN)]
    store_judgement(best, temperature, {key: figures[key] for key in keys})
    callbacks = trainer.callbacks  # type: ignore[attr-defined]
    (clock,) = (c for c in callbacks if isinstance(c, Clock))
    (suspects,) = (c for c in callbacks if isinstance(c, Suspects))
    if suspects.agreement is not None:
        write_suspects(directory / SUSPECTS, data.train, suspects.agreement)
    (panel,) = (c for c in callbacks if isinstance(c, BalancePanel))
    constant = isinstance(module.schedule, Constant)
    judgement = verdict(panel, program(), typed, scheduled=not constant)
    figures |= {
        "seconds": clock.seconds,
        "images_per_s": clock.images_per_s,
        "command": shlex.join([*program(), *typed]),
        "git_commit": _git_commit(),
        "seed": module.seed,
    }
    (collapse,) = (c for c in callbacks if isinstance(c, Collapse))
    figures |= judgement.figures | {"collapse": ", ".join(collapse.found) or None}
    HParams.finish(trainer, figures)
    write_metrics(directory / "metrics.json", figures)  # the last: with it a run is finished
    print_table(figures, f"best.ckpt of {directory}")
    print(
        f"{clock.seconds:.0f} s of training, {clock.images_per_s:.0f} images/s. constant: the "
        f"majority class and the best constant box, for comparison."
    )
    print(judgement.text)
    return figures


def answers(
    model: Asked, splits: Mapping[str, Split], *, batch_size: int, device: torch.device
) -> dict[str, Results]:
    """What a model in eval mode says about splits, by their names."""
    return {
        name: predict_split(model, in_order(split, batch_size), split, device)
        for name, split in splits.items()
    }


def judged(
    said: Mapping[str, Results],
    temperature: float,
    splits: Mapping[str, Split],
    train: Split | None,
    directory: Path,
) -> dict[str, Any]:
    """Figures of each split; what was said about its images goes into predictions_NAME.csv.

    Args:
        said: answers by split.
        temperature: of the class probabilities, in figures and files.
        splits: by name.
        train: the split that says what is right without looking; None: nothing does.
        directory: of the CSV files.
    """
    figures: dict[str, Any] = {"temperature": temperature}
    for name, split in splits.items():
        raw = said[name]
        results = replace(raw, probabilities=tempered(raw.probabilities, temperature))
        write_predictions(directory / f"predictions_{name}.csv", split, results)
        values = evaluate(results, split.classes)
        right = raw.predicted == raw.labels
        values["ece_uncalibrated"] = calibration_error(raw.probabilities.amax(-1), right)
        if train is not None:
            labels = torch.from_numpy(train.labels)
            boxes = torch.from_numpy(train.on_images(train.boxes))
            values |= baselines(labels, boxes, results.labels, results.targets)
        figures |= {f"{name}/{key}": value for key, value in values.items()}
    return figures


def _git_commit() -> str | None:
    """Commit of the code at work, or None where git does not track it."""
    here = Path(__file__)

    def git(*command: str) -> str:
        return subprocess.run(
            ["git", "-C", str(here.parent), *command],
            capture_output=True, text=True, timeout=10, check=True,
        ).stdout  # fmt: skip

    try:
        git("ls-files", "--error-unmatch", here.name)  # not a venv inside somebody's repository
        return git("rev-parse", "HEAD").strip()
    except (OSError, subprocess.SubprocessError):
        return None
