"""Lightning's finders of a learning rate and of a batch size."""

from pathlib import Path
from typing import Any

from lightning import Trainer
from lightning.pytorch.tuner import Tuner

from solobox.data.datamodule import DataModule
from solobox.engine.checkpoint_io import AtomicCheckpointIO
from solobox.errors import ConfigError
from solobox.module import SoloboxModule

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 100


def learning_rate(
    module: SoloboxModule, data: DataModule, options: dict[str, Any], folder: Path
) -> float:
    """The learning rate at which the loss falls fastest, of a range test over 100 steps.

    Args:
        module: its weights are put back afterwards.
        data: training images.
        options: the trainer's.
        folder: for temporary files.

    Raises:
        ConfigError: the loss falls nowhere.

    Reference:
        Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, arXiv:1506.01186.
    """
    found = Tuner(_trainer(options, folder)).lr_find(
        module, datamodule=data, min_lr=LOWEST, max_lr=HIGHEST, num_training=STEPS,
        update_attr=False,
    )  # fmt: skip
    rate = None if found is None else found.suggestion()
    if rate is None:
        raise ConfigError(
            f"no learning rate between {LOWEST} and {HIGHEST} makes this loss fall within "
            f"{STEPS} steps"
        )
    return rate


def largest_batch(
    module: SoloboxModule, data: DataModule, options: dict[str, Any], folder: Path
) -> int:
    """The largest batch that memory holds, doubling from 2 up to the whole training split."""
    before = data.batch_size
    found = Tuner(_trainer(options, folder)).scale_batch_size(
        module, datamodule=data, mode="power", steps_per_trial=2, max_val=len(data.train)
    )
    data.batch_size = before
    return before if found is None else min(found, len(data.train))


def _trainer(options: dict[str, Any], folder: Path) -> Trainer:
    return Trainer(
        accelerator=options["accelerator"], devices=1, precision=options["precision"],
        accumulate_grad_batches=options["accumulate_grad_batches"],
        gradient_clip_val=options["gradient_clip_val"],
        max_epochs=-1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, limit_val_batches=0, default_root_dir=folder,
        plugins=[AtomicCheckpointIO()], use_distributed_sampler=False,
    )  # fmt: skip
