"""The end of a run: what its best checkpoint is worth."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer

from solobox.baselines import baselines
from solobox.callbacks.balance_panel import BalancePanel
from solobox.callbacks.clock import Clock
from solobox.callbacks.collapse import Collapse
from solobox.callbacks.hparams import HParams
from solobox.cli.verdict import verdict
from solobox.data.datamodule import DataModule
from solobox.engine.checkpoint_io import read_checkpoint
from solobox.engine.predict import predict_split
from solobox.losses.schedule.constant import Constant
from solobox.metrics import evaluate
from solobox.models.asked import asked
from solobox.models.localiser import Localiser
from solobox.module import SoloboxModule
from solobox.report import print_table, write_metrics, write_predictions


def judge(
    module: SoloboxModule, data: DataModule, trainer: Trainer, directory: Path
) -> dict[str, Any]:
    """Judge best.ckpt on validation and test, and who dominated, into files and on the screen.

    Returns:
        What is in metrics.json.
    """
    model, typed = module.model, module.passport["typed"]
    _load_best(model, directory / "checkpoints" / "best.ckpt")
    judged = asked(model, **module.passport["config"]["evaluate"])
    figures: dict[str, Any] = {}
    labels = torch.from_numpy(data.train.labels)
    boxes = torch.from_numpy(data.train.on_images(data.train.boxes))
    for name in ("val", "test"):
        split = data.splits.get(name)
        if split is None:
            continue
        device = trainer.strategy.root_device
        results = predict_split(judged, data.in_order(split), split, device)
        write_predictions(directory / f"predictions_{name}.csv", split, results)
        without_looking = baselines(labels, boxes, results.labels, results.targets)
        values = evaluate(results, split.classes) | without_looking
        figures |= {f"{name}/{key}": value for key, value in values.items()}
    callbacks = trainer.callbacks  # type: ignore[attr-defined]
    (clock,) = (c for c in callbacks if isinstance(c, Clock))
    (panel,) = (c for c in callbacks if isinstance(c, BalancePanel))
    constant = isinstance(module.schedule, Constant)
    judgement = verdict(panel, _program(), typed, scheduled=not constant)
    figures |= {
        "seconds": clock.seconds,
        "images_per_s": clock.images_per_s,
        "command": shlex.join([*_program(), *typed]),
        "git_commit": _git_commit(),
        "seed": module.seed,
    }
    (collapse,) = (c for c in callbacks if isinstance(c, Collapse))
    figures |= judgement.figures | {"collapse": ", ".join(collapse.found) or None}
    write_metrics(directory / "metrics.json", figures)
    HParams.finish(trainer, figures)
    print_table(figures, directory)
    print(judgement.text)
    return figures


def _program() -> list[str]:
    """The words that start this program, and where a user's own options lie."""
    script = Path(sys.argv[0]).name
    words = ["python", sys.argv[0]] if script.endswith(".py") else ["solobox", "train"]
    for i, word in enumerate(sys.argv):
        if word in ("--config-dir", "-cd"):
            words += sys.argv[i : i + 2]
        elif word.startswith("--config-dir="):
            words.append(word)
    return words


def _load_best(model: Localiser, path: Path) -> None:
    state = read_checkpoint(path)["state_dict"]
    prefix = "model."
    model.load_state_dict({k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)})


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
