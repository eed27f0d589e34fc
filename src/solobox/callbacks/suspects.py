"""Labels that training itself doubts."""

from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from solobox.data.datamodule import DataModule
from solobox.module import SoloboxModule
from solobox.types import Batch


class Suspects(Callback):
    """Averages over the second half of a run how well the model agrees with each training label.

    A model learns what most labels say long before it learns the wrong ones by heart, if it ever
    does. An image whose label it denied in the mean of many epochs is worth a look. As in Pleiss et
    al., "Identifying Mislabeled Data using the Area Under the Margin Ranking", NeurIPS 2020,
    arXiv:2001.10528, with the IoU beside the class. The first half would call whatever is hard
    wrong.
    """

    def __init__(self) -> None:
        self.times: Tensor | None = None  # (n,) how often each image was shown
        self.sums: Tensor  # (n, 2) of the probability of the true class, and of the IoU

    @property
    def agreement(self) -> Tensor | None:
        """(n, 2) means of probability and IoU, NaN for images not shown; None: nothing yet."""
        return None if self.times is None else (self.sums / self.times[:, None]).cpu()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go to the device; a checkpoint's state comes to the CPU."""
        if self.times is not None:
            device = pl_module.device
            self.times, self.sums = self.times.to(device), self.sums.to(device)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Batch,
        batch_idx: int,
    ) -> None:
        """Add one batch; nothing waits for the device."""
        if trainer.global_step < cast(SoloboxModule, pl_module).steps / 2:
            return
        agreed: Tensor = outputs["agreement"]
        if self.times is None:
            n = len(cast(DataModule, trainer.datamodule).train)  # type: ignore[attr-defined]
            self.times = torch.zeros(n, device=agreed.device)
            self.sums = torch.zeros(n, 2, device=agreed.device)
        indices: Tensor = outputs["indices"]  # of all processes that share the batch
        self.sums.index_add_(0, indices, agreed)
        self.times.index_add_(0, indices, torch.ones_like(agreed[:, 0]))

    def state_dict(self) -> dict[str, Any]:
        """All steps so far."""
        return {} if self.times is None else {"times": self.times, "sums": self.sums}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        if state_dict:
            self.times, self.sums = state_dict["times"].clone(), state_dict["sums"].clone()
