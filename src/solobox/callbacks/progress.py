"""A line an epoch with both losses and the metrics, and a bar while it runs."""

import time
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from solobox.module import SoloboxModule

REFRESH = 0.2  # seconds between two updates; more would cost training time
SHOWN = {"acc": "acc", "iou": "iou", "loc_50": "loc@.5"}


class EpochLines(ProgressBar):
    """Prints a line after each epoch; on a terminal also a bar with the losses of the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.console = Console()
        self.bar: Progress | None = None
        self.updated = 0.0
        self.losses: dict[str, Tensor] = {}
        self.metrics: dict[str, Tensor] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin the bar, where there is somebody to watch it."""
        if not self.console.is_terminal:
            return
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
            auto_refresh=False,
            transient=True,
        )
        self.bar.start()
        self.bar.add_task("", total=cast(SoloboxModule, pl_module).steps)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any
    ) -> None:
        """Note the losses; move the bar now and then."""
        self.losses = {"class": outputs["classification"], "box": outputs["localisation"]}
        if self.bar is None or time.perf_counter() - self.updated < REFRESH:
            return
        self.updated = time.perf_counter()
        text = f"epoch {trainer.current_epoch + 1}  losses: {_shown(self.losses)}"
        task = self.bar.task_ids[0]
        done, total = (
            trainer.global_step,
            cast(SoloboxModule, pl_module).steps,
        )  # a time limit moves the end
        self.bar.update(task, description=text, completed=done, total=total, refresh=True)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the metrics."""
        seen = trainer.callback_metrics
        self.metrics = {name: seen[f"val/{key}"] for key, name in SHOWN.items()}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the epoch's line: the last batch's losses and the validation metrics."""
        line = f"epoch {trainer.current_epoch + 1}  losses: {_shown(self.losses)}"
        if self.metrics:
            line += f"  validation: {_shown(self.metrics)}"
            self.metrics = {}
        try:
            self.console.print(line, highlight=False, soft_wrap=True)
        except (SystemExit, OSError):  # rich ends a program whose reader has left; we train on
            self.console.quiet = True

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Take the bar away; Lightning calls no teardown then."""
        self.teardown(trainer, pl_module, "fit")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _shown(values: dict[str, Tensor]) -> str:
    return " ".join(f"{name} {float(value):.3f}" for name, value in values.items())
