"""The running mean of a loss: state that is saved, shared by all ranks, and still in evaluation."""

import torch
from torch import Tensor, nn

from solobox.losses.across import sum_over_ranks
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
            values = values.detach().to(torch.promote_types(values.dtype, torch.float32))
            count = torch.full_like(values.sum(), len(values))
            total, count = sum_over_ranks(torch.stack((values.sum(), count)))
            newest = total / count
            self.value = (1 - self.momentum) * self.value.to(newest) + self.momentum * newest
        return self.value.clamp(min=SMALLEST)
