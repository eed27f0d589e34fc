"""What balances the two tasks by their gradients at the shared features."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from solobox.losses.across import ranks, sum_over_ranks


class GradientScheme(nn.Module, ABC):
    """Base of the schemes that weight the losses by their gradients.

    A scheme sees the Gram matrix of the two tasks' gradients at the features that both share, and
    says how much each task counts. With two tasks every known direction is such a combination of
    the two gradients, so a weighted sum of the losses sends just it into the trunk, in the one
    backward pass that there is anyway: clipping, accumulation, mixed precision and several
    devices work as ever. The head's layers get the same weights.
    """

    def weights(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        """Weights of class and box.

        A task without a gradient has nothing to weigh: both then count 1, and the other goes on.

        Args:
            gram: (2, 2), products of the tasks' gradients, class first.
            losses: (2,).
            step: optimizer steps done.

        Returns:
            (2,), detached.
        """
        # Norms may differ by 10^5, their squares by more than float32 can tell; no float64 on MPS.
        precise = torch.float32 if gram.device.type == "mps" else torch.float64
        gram, precise_losses = gram.detach().to(precise), losses.detach().to(precise)
        idle = gram.diagonal() <= 1e-24 * gram.diagonal().amax()
        found = self.solve(gram, precise_losses, step)
        return torch.where(idle.any(), torch.ones_like(found), found).to(losses.dtype)

    @abstractmethod
    def solve(self, gram: Tensor, losses: Tensor, step: int) -> Tensor:
        """Weights (2,) when both gradients are there; all in float64."""

    def learning_loss(self, gram: Tensor, losses: Tensor) -> Tensor | None:
        """What learnt weights are trained on, beside the total; None where nothing is learnt."""
        return None


def task_gradients(losses: Tensor, features: Tensor) -> list[Tensor]:
    """Gradients of both losses (2,) at the shared features (B, ...), as (B, n) each.

    The graph stays usable; costs two backward passes through the head, none through the trunk.
    Where several ranks share a batch, B is this rank's part of it.
    """
    # A loss of all ranks sends `ranks` times its gradient into each of them, see `rows_of_all`.
    return [
        torch.autograd.grad(loss / ranks(), features, retain_graph=True, materialize_grads=True)[
            0
        ].flatten(1)
        for loss in losses
    ]


def task_gram(losses: Tensor, features: Tensor) -> Tensor:
    """Gram matrix (2, 2) of those gradients, at the features of all ranks."""
    gradients = torch.stack([rows.flatten() for rows in task_gradients(losses, features)])
    return sum_over_ranks(gradients @ gradients.T)
