"""How long training took."""

import time
from typing import Any

from lightning import Callback, LightningModule, Trainer

from solobox.types import Batch


class Clock(Callback):
    """Counts seconds from the first training step to the end of fit, and images.

    Validation counts in `seconds` and not in `images_per_s`; a resume goes on counting.
    """

    def __init__(self) -> None:
        self.images = 0
        self.earlier = {"seconds": 0.0, "validation": 0.0}  # of the parts before a resume
        self.started: float | None = None
        self.stopped: float | None = None
        self.validating_since = 0.0
        self.validation = 0.0

    @property
    def seconds(self) -> float:
        """From the first step to the end of fit, or to now."""
        if self.started is None:
            return self.earlier["seconds"]
        return self.earlier["seconds"] + (self.stopped or time.perf_counter()) - self.started

    @property
    def validation_seconds(self) -> float:
        """How much of it was validation."""
        return self.validation + self.earlier["validation"]

    @property
    def images_per_s(self) -> float:
        """Training images a second of training, validation left out."""
        training = self.seconds - self.validation_seconds
        return self.images / training if training > 0 else 0.0

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, *args: Any
    ) -> None:
        """Start at the first step."""
        if self.started is None:
            self.started = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any
    ) -> None:
        """Count the images of all processes that share the batch."""
        self.images += len(outputs["indices"])

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note when validation began."""
        self.validating_since = time.perf_counter()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add what validation took, once training has begun."""
        if self.started is not None:
            self.validation += time.perf_counter() - self.validating_since

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop."""
        self.stopped = time.perf_counter()

    def state_dict(self) -> dict[str, Any]:
        """Time and images so far."""
        return {
            "images": self.images,
            "seconds": self.seconds,
            "validation": self.validation_seconds,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Count on from an earlier part of the run."""
        self.images = state_dict["images"]
        self.earlier = {key: state_dict[key] for key in ("seconds", "validation")}
