"""`python train.py`: one training run, read from top to bottom in `train`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from solobox.cli import app
from solobox.cli.naming import run_name
from solobox.cli.resume import continued, directory_of
from solobox.cli.settings import Settings, check_types, plain
from solobox.engine.run_directory import CONFIG_FILE, SPLIT_FILE, claim_new, claim_this, give_back
from solobox.errors import ConfigError


def main() -> None:
    """Entry point of train.py and `solobox train`."""
    app.run(train)


def train(cfg: DictConfig) -> float:
    """Train a model and judge its best checkpoint; returns its validation Top-1 Loc@.5."""
    typed = list(HydraConfig.get().overrides.task)
    settings = plain(cfg)
    check_types(settings, typed)

    # Imported here, because --help and a mistyped option should not wait for torch.
    from lightning import seed_everything

    from solobox.callbacks.clean_stop import Stopped
    from solobox.cli.build import build_data, build_module, build_trainer
    from solobox.cli.judge import judge
    from solobox.data.split_file import check_same_images, write_split
    from solobox.engine.checkpoint_io import read_checkpoint
    from solobox.engine.hardware import for_this_machine
    from solobox.engine.quiet import quiet

    quiet()
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
    if checkpoint is not None:
        directory = directory_of(Path(checkpoint))
        check_same_images(data.source.listing, directory / SPLIT_FILE)
    else:
        directory = _claim(settings, typed)
        if data.source.listing:
            write_split(directory / SPLIT_FILE, data.source.listing)
    try:
        trainer = build_trainer(settings, module.steps, directory, step)
    except ConfigError:
        if not checkpoint:
            give_back(directory)
        raise
    try:
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint)
    except Stopped as stop:
        last = directory / "checkpoints" / "last.ckpt"
        print(f"{stop}; continue with: python train.py ckpt_path={last}", file=sys.stderr)
        sys.exit(128 + stop.signum)
    return judge(module, data, trainer, directory)


def _claim(settings: Settings, typed: Sequence[str]) -> Path:
    """A new run directory with the run's config in it: where Hydra was told, else by its name."""
    hydra = HydraConfig.get()
    key = "hydra.run.dir=" if hydra.mode == RunMode.RUN else "hydra.sweep.subdir="
    if any(option.startswith(key) for option in hydra.overrides.hydra):
        directory = claim_this(Path(hydra.runtime.output_dir))
    else:
        swept = hydra.mode == RunMode.MULTIRUN
        parent = Path(hydra.runtime.output_dir if swept else settings["runs_dir"])
        name = run_name(hydra.runtime.choices, typed, settings["seed"])
        directory = claim_new(parent, name)
    (directory / CONFIG_FILE).write_text(OmegaConf.to_yaml(settings), encoding="utf-8")
    return directory
