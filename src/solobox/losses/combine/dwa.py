"""Dynamic weight average."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero
from solobox.losses.task_losses import task_losses


class DWA(nn.Module):
    """Dynamic weight average: the task whose loss falls more slowly gets more weight.

    L = sum_i w_i L_i, w = 2 softmax(r / temperature), r_i = L_i(last epoch) / L_i(the one before);
    w = 1 in the first two epochs.

    Sees rates, not sizes: a loss that is a hundred times too small keeps that handicap. For a run
    of few epochs it comes too late.

    Args:
        temperature: > 0; a high one weights both tasks alike. Paper: 2.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: temperature <= 0.

    Reference:
        Liu et al., "End-to-End Multi-Task Learning with Attention", CVPR 2019, arXiv:1803.10704.
    """

    last: Tensor
    before: Tensor
    total: Tensor
    batches: Tensor

    def __init__(self, *, temperature: float = 2.0) -> None:
        super().__init__()
        above_zero(temperature=temperature)
        self.temperature = temperature
        for name in ("last", "before", "total"):
            self.register_buffer(name, torch.zeros(2))
        self.register_buffer("batches", torch.zeros(()))

    def on_epoch_end(self, losses: Tensor) -> None:
        """Take note of the mean losses (2,) of an epoch."""
        self.before, self.last = self.last, losses.detach().clone()

    def end_epoch(self) -> None:
        """Take note of the batches since the last epoch's end, if there were any."""
        if self.batches > 0:
            self.on_epoch_end(self.total / self.batches)
        self.total, self.batches = torch.zeros_like(self.total), torch.zeros_like(self.batches)

    def forget(self) -> None:
        """Start anew, because other losses are trained from now on."""
        for name in ("last", "before", "total", "batches"):
            setattr(self, name, torch.zeros_like(getattr(self, name)))

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        if self.training:
            self.total = self.total + losses.detach()
            self.batches = self.batches + 1
        rate = (self.last / self.before).to(losses)  # not finite until two epochs are known
        chosen = 2 * (rate / self.temperature).softmax(0)
        return torch.where(rate.isfinite().all(), chosen, torch.ones_like(chosen)) @ losses
