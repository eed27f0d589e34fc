"""Numbers that a loss is given, or that come from the training split."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from solobox.losses.checks import bound


class Constant(nn.Module):
    """A buffer that follows its loss to any device, and is exact in float64 where it was given.

    Args:
        name: of the option, for the sentence when it is missing.
        given: a number or several; None: `set` is called by the loss's `bind`.

    Shape:
        like: a tensor of the wanted type and device -> the numbers.

    Raises:
        ValueError: used before it was set.
    """

    value: Tensor | None

    def __init__(self, name: str, given: Sequence[float] | float | None) -> None:
        super().__init__()
        self.name, self.given = name, given
        self.register_buffer("value", None if given is None else torch.tensor(given).float())

    def set(self, value: Tensor) -> None:
        """Take what the training split says."""
        self.value = value.float()

    def forward(self, like: Tensor) -> Tensor:
        if self.given is not None and like.dtype == torch.float64:
            return like.new_tensor(self.given)
        return bound(self.name, self.value).to(like)
