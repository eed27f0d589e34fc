"""Fast adaptive multi-task optimisation."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero, at_least_zero
from solobox.losses.task_losses import task_losses

BETAS, ADAM_EPS = (0.9, 0.999), 1e-8


class FAMO(nn.Module):
    """FAMO: both losses fall at the same relative rate, watched from step to step.

    L = 1 / c sum_i z_i ln(L_i + eps), z = softmax(w), c = sum_i z_i / (L_i + eps) detached; w moves
    by Adam along the gradient of sum_i z_i ln(L_i before / L_i after) (z alone), towards the task
    that fell less.

    Balances rates of improvement without any task gradient. The losses of the next batch stand
    for those after the step, so no second forward is needed, but the noise of the batches is in
    it.

    Args:
        lr: of w, > 0. Paper: .025.
        weight_decay: of w, >= 0. Paper: .001.
        eps: added to each loss, > 0.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: lr or eps <= 0, or weight_decay < 0.

    Reference:
        Liu et al., "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023, arXiv:2306.03792.
    """

    logits: Tensor
    momentum: Tensor
    variance: Tensor
    updates: Tensor
    before: Tensor

    def __init__(
        self, *, lr: float = 0.025, weight_decay: float = 0.001, eps: float = 1e-8
    ) -> None:
        super().__init__()
        above_zero(lr=lr, eps=eps)
        at_least_zero(weight_decay=weight_decay)
        self.lr, self.weight_decay, self.eps = lr, weight_decay, eps
        for name in ("logits", "momentum", "variance"):
            self.register_buffer(name, torch.zeros(2))
        self.register_buffer("updates", torch.zeros(()))
        self.register_buffer("before", torch.zeros(2))
        self._step = 0

    def update(self, before: Tensor, after: Tensor) -> None:
        """Move w by how both losses (2,) changed in a step."""
        change = (before + self.eps).log() - (after + self.eps).log()
        change = torch.where(before > 0, change, 0)  # 0 where nothing is known
        z = self.logits.to(change).softmax(0)
        gradient = z * (change - z @ change) + self.weight_decay * self.logits
        self.updates = self.updates + 1
        self.momentum = BETAS[0] * self.momentum + (1 - BETAS[0]) * gradient
        self.variance = BETAS[1] * self.variance + (1 - BETAS[1]) * gradient.square()
        step = self.momentum / (1 - BETAS[0] ** self.updates)
        spread = (self.variance / (1 - BETAS[1] ** self.updates)).sqrt() + ADAM_EPS
        self.logits = self.logits - self.lr * step / spread

    def forget(self) -> None:
        """Compare nothing with the last step, because other losses are trained from now on."""
        self.before = torch.zeros_like(self.before)

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        losses = task_losses(lc, ll, weights)
        if self.training:
            if step > self._step:  # once a step, however many batches it has
                self.update(self.before, losses.detach())
                self._step = step
            self.before = losses.detach()
        z = self.logits.to(losses).softmax(0)
        c = (z / (losses.detach() + self.eps)).sum()
        return z @ (losses + self.eps).log() / c
