"""`python train.py`: one training run, read from top to bottom in `train`."""

import json
import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from solobox.cli import app
from solobox.cli.resume import continued, directory_of
from solobox.cli.settings import check_types, plain
from solobox.engine.run_directory import (
    LAST,
    METRICS_FILE,
    SPLIT_FILE,
    give_back,
    training_in,
    unwritten,
)  # fmt: skip
from solobox.errors import ConfigError, SoloboxError, Stopped


def main() -> None:
    """Entry point of train.py and `solobox train`."""
    app.run(train)


def train(cfg: DictConfig) -> float | tuple[float, ...]:
    """Train a model and judge its best checkpoint; returns what `objective` asks for."""
    typed = list(HydraConfig.get().overrides.task)
    settings = plain(cfg)
    check_types(settings, typed)

    # Imported here, because --help and a mistyped option should not wait for torch.
    from lightning import seed_everything

    from solobox.cli.build import build_data, build_module, build_trainer
    from solobox.cli.identity import identity
    from solobox.cli.judge import judge
    from solobox.cli.objective import check_objective, told
    from solobox.cli.place import place_of
    from solobox.data.split_file import check_same_images, write_split
    from solobox.data.workers import is_workers
    from solobox.engine.checkpoint_io import read_checkpoint
    from solobox.engine.hardware import for_this_machine
    from solobox.engine.memory import keep_freed_memory
    from solobox.engine.quiet import quiet

    quiet()
    keep_freed_memory()
    check_objective(settings["objective"])
    settings["trainer"] = for_this_machine(settings["trainer"])
    checkpoint, step = settings["ckpt_path"], None
    if checkpoint is not None:
        stored = read_checkpoint(checkpoint)
        settings = continued(stored["solobox"]["config"], settings, typed)
        step, typed = stored["global_step"], stored["solobox"]["typed"]

    seed_everything(settings["seed"], workers=True, verbose=False)
    data = build_data(settings)
    for note in data.source.notes:
        print(f"data: {note}")
    module = build_module(settings, data, typed)
    new = False
    if checkpoint is not None:
        directory = directory_of(Path(checkpoint))
        check_same_images(data.source.listing, directory / SPLIT_FILE)
    else:
        directory, new, checkpoint = place_of(settings, identity(settings, data.source), typed)
        if (done := directory / METRICS_FILE).is_file():
            print(f"{directory} skipped: already finished")
            return told(json.loads(done.read_text()), settings["objective"])
        if checkpoint is not None:
            step = read_checkpoint(checkpoint)["global_step"]
            print(f"{directory} goes on from step {step}")
        elif not new:
            step = 0  # what it logged before it was killed is hidden
        if data.source.listing:
            write_split(directory / SPLIT_FILE, data.source.listing)
    try:
        trainer = build_trainer(settings, module.steps, directory, step)
    except ConfigError:
        if new:
            give_back(directory)
        raise
    with training_in(directory):
        try:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
            figures = judge(module, data, trainer, directory)
        except Stopped as stop:
            if (directory / LAST).is_file():
                print(
                    f"{stop}; continue with: python train.py ckpt_path={directory / LAST}",
                    file=sys.stderr,
                )
            raise
        except (RuntimeError, SoloboxError, OSError) as error:
            if is_workers(error):
                raise data.explained(error) from error
            if isinstance(error, OSError):  # TensorBoard's thread does not say which file
                raise unwritten(error, directory) from error
            raise
        if settings["report"] and HydraConfig.get().mode == RunMode.RUN:
            from solobox.study.run_page import write_report  # draws, which a sweep does not
            from solobox.study.runs import read_run

            print(f"page: {write_report(read_run(directory))}")
        return told(figures, settings["objective"])
