"""`python train.py`: one training run, read from top to bottom in `train`."""

import json
import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from solobox.cli import app, help
from solobox.cli.place import Place, place_of
from solobox.cli.program import again, program
from solobox.cli.resume import continued, directory_of
from solobox.cli.settings import Settings, check_types, plain
from solobox.engine.run_directory import (
    LAST,
    METRICS_FILE,
    SPLIT_FILE,
    give_back,
    to_continue,
    training_in,
    unwritten,
)  # fmt: skip
from solobox.errors import ConfigError, SoloboxError, Stopped

if TYPE_CHECKING:
    from lightning import Trainer

    from solobox.data.datamodule import DataModule
    from solobox.module import SoloboxModule


def main() -> None:
    """Entry point of train.py and `solobox train`."""
    if help.WORDS & set(sys.argv):
        help.show(sys.argv[1:])
    else:
        app.run(train)


def train(cfg: DictConfig) -> float | tuple[float, ...]:
    """Train a model and judge its best checkpoint; returns what `objective` asks for."""
    typed = list(HydraConfig.get().overrides.task)
    settings = plain(cfg)
    check_types(settings, typed)

    # Imported here, because --help and a mistyped option should not wait for torch.
    from solobox.cli.objective import check_objective
    from solobox.engine.checkpoint_io import read_checkpoint
    from solobox.engine.hardware import filled_in, for_this_machine
    from solobox.engine.memory import keep_freed_memory
    from solobox.engine.out_of_memory import full_memory_said
    from solobox.engine.quiet import quiet
    from solobox.engine.ranks import joined

    quiet()
    keep_freed_memory()
    check_objective(settings["objective"])
    settings["trainer"] = filled_in(settings["trainer"])
    command, step = again(typed), None
    if settings["ckpt_path"] is not None:
        stored = read_checkpoint(settings["ckpt_path"])
        settings = continued(stored["solobox"]["config"], settings, typed)
        step, typed = stored["global_step"], stored["solobox"]["typed"]
    settings["trainer"] = for_this_machine(settings["trainer"])
    with joined(settings["trainer"], command), full_memory_said():
        return train_together(settings, typed, step)


def train_together(
    settings: Settings, typed: list[str], step: int | None
) -> float | tuple[float, ...]:
    """What each process does of those that train a run; mostly there is just this one.

    Args:
        settings: of the run.
        typed: the options it was started with.
        step: from which a continued run goes on.
    """
    from lightning import seed_everything

    from solobox.cli.build import build_data, build_module, build_trainer
    from solobox.cli.objective import told
    from solobox.data.workers import is_workers
    from solobox.engine.checkpoint_io import read_checkpoint
    from solobox.engine.ranks import from_rank_zero, rank

    seed_everything(settings["seed"], workers=True, verbose=False)
    data = build_data(settings)
    for note in data.source.notes:
        print(f"data: {note}")
    module = build_module(settings, data, typed)
    directory, new, checkpoint = from_rank_zero(lambda: place_for(settings, data, typed))
    done = directory / METRICS_FILE
    if settings["ckpt_path"] is None and from_rank_zero(done.is_file):
        print(f"{directory} skipped: already finished")
        return from_rank_zero(lambda: told(json.loads(done.read_text()), settings["objective"]))
    if checkpoint is None:
        step = None if new else 0  # what it logged before it was killed is hidden
    elif step is None:
        step = read_checkpoint(checkpoint)["global_step"]
        print(f"{directory} goes on from step {step}")
    try:
        trainer = build_trainer(settings, module.steps, directory, step)
    except ConfigError:
        if new and rank() == 0:
            give_back(directory)
        raise
    with training_in(directory) if rank() == 0 else nullcontext():
        try:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
            return from_rank_zero(lambda: finished(settings, module, data, trainer, directory))
        except Stopped as stop:
            if rank() == 0 and (directory / LAST).is_file():
                command = shlex.join([*program(), to_continue(directory)])
                print(f"{stop}; continue with: {command}", file=sys.stderr)
            raise
        except (RuntimeError, SoloboxError, OSError) as error:
            if is_workers(error):
                raise data.explained(error) from error
            if isinstance(error, OSError):  # TensorBoard's thread does not say which file
                raise unwritten(error, directory) from error
            raise


def place_for(settings: Settings, data: "DataModule", typed: list[str]) -> Place:
    """Where the run writes: the directory that it is continued in, or a new one."""
    from solobox.cli.identity import identity
    from solobox.data.split_file import check_same_images, write_split

    listing = data.source.listing
    if settings["ckpt_path"] is not None:
        directory = directory_of(Path(settings["ckpt_path"]))
        check_same_images(listing, directory / SPLIT_FILE)
        return Place(directory, new=False, last=Path(settings["ckpt_path"]))
    place = place_of(settings, identity(settings, data.source), typed)
    if listing and not (place.directory / METRICS_FILE).is_file():
        write_split(place.directory / SPLIT_FILE, listing)
    return place


def finished(
    settings: Settings, module: "SoloboxModule", data: "DataModule", trainer: "Trainer",
    directory: Path,
) -> float | tuple[float, ...]:  # fmt: skip
    """Judge the run and draw its page; returns what `objective` asks for."""
    from solobox.cli.judge import judge
    from solobox.cli.objective import told

    figures = judge(module, data, trainer, directory)
    if settings["report"] and HydraConfig.get().mode == RunMode.RUN:
        from solobox.study.run_page import write_report  # draws, which a sweep does not
        from solobox.study.runs import read_run

        print(f"page: {write_report(read_run(directory))}")
    return told(figures, settings["objective"])
