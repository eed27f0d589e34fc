"""From settings to objects: the one place where they are put together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer
from lightning.fabric.plugins.environments import TorchElasticEnvironment
from lightning.pytorch.strategies import DDPStrategy, Strategy
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from solobox import models
from solobox.callbacks.balance_panel import BalancePanel
from solobox.callbacks.calibrate import Calibrate
from solobox.callbacks.checkpoints import Checkpoints
from solobox.callbacks.clean_stop import CleanStop
from solobox.callbacks.clock import Clock
from solobox.callbacks.collapse import Collapse
from solobox.callbacks.finite import Finite
from solobox.callbacks.freeze import Freeze
from solobox.callbacks.history import History
from solobox.callbacks.hparams import HParams
from solobox.callbacks.length import Length
from solobox.callbacks.pages import Pages
from solobox.callbacks.progress import EpochLines
from solobox.callbacks.prune import Prune
from solobox.callbacks.suspects import Suspects
from solobox.cli.instances import made
from solobox.cli.objectives import build_objectives
from solobox.cli.settings import Settings
from solobox.data.datamodule import DataModule, Source
from solobox.engine.checkpoint_io import AtomicCheckpointIO
from solobox.engine.hardware import time_limit
from solobox.engine.logger import EventsLogger
from solobox.engine.parameter_groups import parameter_groups
from solobox.engine.ranks import processes, rank
from solobox.engine.warm_start import warm_start
from solobox.errors import ConfigError
from solobox.losses import ROLES
from solobox.module import SoloboxModule

# Settings of data that say how images are shown, not which.
SHOWING = ("batch_size", "num_workers", "worker_timeout", "class_balanced", "epochs")


def build_data(settings: Settings) -> DataModule:
    """The images, checked and decoded."""
    data = settings["data"]
    return DataModule(
        build_source(data),
        made("augment", settings["augment"]),
        batch_size=data["batch_size"],
        num_workers=data["num_workers"],
        worker_timeout=data.get("worker_timeout", 300),  # runs made before had no such setting
        seed=settings["seed"],
        class_balanced=data["class_balanced"],
        limit=settings["trainer"].get("limit_train_batches"),
        ranks=processes(settings["trainer"]),
    )


def build_source(data: Settings) -> Source:
    """Where the images come from, not yet loaded."""
    source: Source = made("data", {key: value for key, value in data.items() if key not in SHOWING})
    return source


def build_module(settings: Settings, data: DataModule, typed: Sequence[str]) -> SoloboxModule:
    """Model and objective, bound to what the training split looks like.

    Args:
        settings: of the run.
        data: of the run.
        typed: the options the run was started with; they go into its checkpoints.
    """
    choices = settings["model"]
    description = {
        "backbone": choices["backbone"],
        "head": choices["head"],
        "decode": choices["decode"],
        "classes": list(data.source.classes),
        "size": settings["data"]["size"],
        "resize": settings["data"].get("resize", "squash"),
        "channels": choices["channels"],
        "fine": choices["fine"],
    }
    model = models.build(description)
    objectives, schedule = build_objectives(settings["loss"], data.source.classes, data.stats)
    if schedule.metrics and settings["trainer"].get("limit_val_batches") == 0:
        raise ConfigError(
            "loss/schedule asks for validation metrics, and trainer.limit_val_batches=0 makes none"
        )
    model.bind(data.stats, objectives[0].initial_logits(data.stats))
    if choices["weights"] is not None and settings["ckpt_path"] is None:
        print(f"weights: {warm_start(model, description, str(choices['weights']))}")
    if not choices["trunk_lr"] > 0:
        raise ConfigError(
            f"model.trunk_lr must be > 0; found {choices['trunk_lr']}. To keep the trunk as it "
            f"is, freeze its parts: model.frozen"
        )
    optimizer = made("optimizer", settings["optimizer"])
    try:
        optimizer(parameter_groups(model, objectives, choices["trunk_lr"]))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer: {error}") from error
    model.to(memory_format=torch.channels_last)
    if settings["trainer"]["compile"]:
        model.trunk.compile()  # in place: the names in checkpoints stay the same
    return SoloboxModule(
        model,
        objectives,
        schedule,
        optimizer=optimizer,
        trunk_lr=choices["trunk_lr"],
        scheduler=made("scheduler", settings["scheduler"]),
        steps=run_length(settings, data),
        seed=settings["seed"],
        passport={"model": description, "config": settings, "typed": list(typed)},
    )


def run_length(settings: Settings, data: DataModule) -> int:
    """Optimizer steps of the whole run: max_steps or max_epochs, whichever comes first.

    Raises:
        ConfigError: neither is given.
    """
    options = settings["trainer"]
    steps_an_epoch = -(-len(data.train_dataloader()) // options["accumulate_grad_batches"])
    lengths = (options["max_steps"], options["max_epochs"] * steps_an_epoch)
    if max(lengths) <= 0:
        raise ConfigError(
            "trainer.max_epochs or trainer.max_steps must be > 0: the learning rate needs a length"
        )
    return min(length for length in lengths if length > 0)


def build_trainer(
    settings: Settings, steps: int, directory: Path, resumed_at: int | None
) -> Trainer:
    """Lightning's trainer with our checkpoints, logs and a clean stop.

    Args:
        settings: of the run.
        steps: optimizer steps of the whole run.
        directory: of the run.
        resumed_at: step from which a continued run goes on.
    """
    options = dict(settings["trainer"])
    seconds = time_limit(options)
    for ours in ("max_steps", "max_epochs", "max_time", "limit_train_batches", "compile"):
        options.pop(ours, None)
    plugins: list[Any] = [AtomicCheckpointIO()]
    if processes(options) > 1:
        plugins.append(TorchElasticEnvironment())  # or what solobox has set in its place
    options |= {"strategy": _strategy(settings), "num_nodes": options.get("num_nodes") or 1}
    model = settings["model"]
    extra = dict(settings["callbacks"])
    checkpoints = Checkpoints(directory / "checkpoints", **extra.pop("checkpoints"))
    clock = Clock()
    speaks = rank() == 0
    callbacks = [
        *([EpochLines()] if speaks else []),
        clock,
        Length(steps, clock, seconds),
        Freeze(model["frozen"], model["thaw"], model["batchnorm"]),
        Calibrate(),
        BalancePanel(),
        *([Collapse()] if speaks else []),
        Suspects(),
        Finite(),
        *([History(directory / "history.csv", clock)] if speaks else []),
        HParams(_hparams(settings)),
        Pages(),
        *(made(f"callbacks.{name}", extra[name]) for name in extra),
        checkpoints,  # after whatever changes the state in a step
        CleanStop(checkpoints),
    ]
    if settings["prune"]:
        callbacks.append(Prune(**settings["prune"]))
    try:
        return Trainer(
            **options,
            max_epochs=-1,  # Length ends the run
            callbacks=callbacks,
            logger=EventsLogger(directory, resumed_at) if speaks else False,
            plugins=plugins,
            enable_progress_bar=speaks,
            default_root_dir=directory,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
    except (TypeError, ValueError, MisconfigurationException) as error:
        raise ConfigError(f"trainer: {error}") from error


def _strategy(settings: Settings) -> Strategy | str:
    """How the processes of a run work together."""
    if processes(settings["trainer"]) == 1:
        return "auto"
    # Parts that are frozen and losses whose phase has not come have no gradient to wait for.
    phases = settings["loss"]["schedule"].get("phases", ())
    idle = settings["model"]["frozen"] > 0 or len(phases) > 1
    # Statistics of BatchNorm are rank zero's; the module hands them round before a validation.
    return DDPStrategy(find_unused_parameters=idle, broadcast_buffers=False)


def _hparams(settings: Settings) -> dict[str, str | float]:
    """The same few columns for every run; a loss's parameters as one text."""
    loss = settings["loss"]
    names = {role: loss[role]["_target_"].split(".")[-2] for role in ROLES}
    arguments = [
        f"{role}.{key}={value}"
        for role in ROLES
        for key, value in loss[role].items()
        if key != "_target_"
    ]
    return {
        **{role: names[role] for role in ("classification", "localisation", "combine")},
        "loss_args": " ".join(arguments),
        "lr": settings["optimizer"]["lr"],
        "seed": settings["seed"],
    }
