"""The running mean of a loss: state that is saved, shared by all ranks, and still in evaluation."""

import torch
from torch import Tensor, distributed, nn

from solobox.losses.checks import within

SMALLEST = 1e-12  # so that it can be divided by, after however many perfect batches


class RunningMean(nn.Module):
    """Exponential running mean of a batch's mean, starting at 1.

    m <- (1 - momentum) m + momentum mean(values), in training only.

    Args:
        momentum: weight of the newest batch, in (0, 1].

    Shape:
        values (B,) -> (), the mean after it has seen them.

    Raises:
        ValueError: momentum outside (0, 1].
    """

    value: Tensor

    def __init__(self, momentum: float) -> None:
        super().__init__()
        within("(0, 1]", momentum=momentum)
        self.momentum = momentum
        self.register_buffer("value", torch.ones(()))

    def forward(self, values: Tensor) -> Tensor:
        if self.training:
            # Not in bfloat16, where a hundredth of a batch is lost.
            newest = values.detach().to(torch.promote_types(values.dtype, torch.float32)).mean()
            if distributed.is_available() and distributed.is_initialized():
                distributed.all_reduce(newest)
                newest = newest / distributed.get_world_size()
            self.value = (1 - self.momentum) * self.value.to(newest) + self.momentum * newest
        return self.value.clamp(min=SMALLEST)
