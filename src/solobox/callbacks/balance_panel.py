"""Who dominated: what the verdict is made of."""

import math
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from solobox.balance import Balance


class BalancePanel(Callback):
    """Collects what the module measures every log_every_n_steps.

    Means over the run: of both pulls, and of ln(box / class) of pulls and of unweighted norms,
    where both are there (a max has one of them at a time).
    """

    def __init__(self) -> None:
        self.measured = 0
        self.sums = torch.zeros(6)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any
    ) -> None:
        """Add up; on a GPU without waiting for it."""
        if "balance" not in outputs:
            return
        balance = Balance(*outputs["balance"].detach().float())
        pulls = torch.stack((balance.pull_class, balance.pull_box))
        norms = torch.stack((balance.norm_class, balance.norm_box))
        logs = [torch.cat((_ratio(pair), (pair > 0).all()[None])) for pair in (pulls, norms)]
        self.sums = self.sums.to(pulls.device) + torch.cat((pulls, *logs))
        self.measured += 1

    @property
    def pull_ratio(self) -> float:
        """Pull of the box over pull of the class, as a geometric mean over the run.

        Where mostly one task pulls at a time, the ratio of both means; NaN where none ever does.
        """
        pull_class, pull_box, logs, both, _, _ = self.sums.tolist()
        if both > self.measured / 2:
            return math.exp(logs / both)
        if not pull_class:
            return math.inf if pull_box else math.nan
        return pull_box / pull_class

    @property
    def norm_ratio(self) -> float:
        """Norm of the box gradient over that of the class, unweighted, as a geometric mean."""
        *_, logs, both = self.sums.tolist()
        return math.exp(logs / both) if both else math.nan

    def state_dict(self) -> dict[str, Any]:
        """The sums survive a resume."""
        return {"measured": self.measured, "sums": self.sums.cpu()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue the sums."""
        self.measured, self.sums = state_dict["measured"], state_dict["sums"]


def _ratio(pair: Tensor) -> Tensor:
    """ln(second / first) (1,), or 0 where one of them is 0."""
    return torch.where((pair > 0).all(), pair[1].log() - pair[0].log(), 0)[None]
