"""An exponential moving average of the weights."""

from typing import Any

import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor

from solobox.errors import ConfigError


class Ema(WeightAveraging):
    """Validates and keeps an average of the weights of the last steps, in Lightning's way.

    best.ckpt holds the average, last.ckpt both: a continued run goes on to the same bits. What is
    averaged moves faster at first, d = min(decay, (1 + n) / (10 + n)) after n steps, so that
    weights from before training do not hold it back.

    Args:
        decay: part of the average that a step keeps, in [0, 1); 0: the weights themselves.

    Raises:
        ConfigError: decay outside its range.

    Reference:
        Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
    """

    def __init__(self, *, decay: float = 0.99) -> None:
        if not 0 <= decay < 1:
            raise ConfigError(f"callbacks.ema.decay must be in [0, 1); found {decay}")
        self.decay = decay
        super().__init__(multi_avg_fn=self._average)

    def _average(self, averaged: list[Tensor], current: list[Tensor], steps: Any) -> None:
        """Move tensors of one kind; whole numbers, such as counters, are copied."""
        if not averaged[0].is_floating_point():
            torch._foreach_copy_(averaged, current)
            return
        n = float(steps)
        decay = min(self.decay, (1 + n) / (10 + n))
        torch._foreach_lerp_(averaged, current, 1 - decay)
