"""An exponential moving average of the weights."""

from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn

from solobox.errors import ConfigError

Held = list[tuple[dict[str, Any], str]]


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
        self._held: list[tuple[Held, Held]] = []
        super().__init__()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the average where the weights are: Lightning copies them before they move there."""
        assert self._average_model is not None
        self._average_model.to(pl_module.device)
        self._held = list(zip(held_in(self._average_model.module), held_in(pl_module), strict=True))

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Move the average after an optimizer step."""
        assert self._average_model is not None
        if trainer.global_step <= self._latest_update_step:
            return
        self._latest_update_step = trainer.global_step
        n = trainer.global_step - 1  # as n_averaged, which a GPU would make the host wait for
        decay = min(self.decay, (1 + n) / (10 + n))
        for averaged, current in self._held:
            to, by = ([slots[name] for slots, name in held] for held in (averaged, current))
            if n == 0 or not to[0].is_floating_point():  # whole numbers, such as counters
                torch._foreach_copy_(to, by)
            else:
                torch._foreach_lerp_(to, by, 1 - decay)
        self._average_model.n_averaged += 1


def held_in(module: nn.Module) -> list[Held]:
    """Where a module holds its weights and buffers, those of a kind together.

    torch's own `update_parameters` looks for them in each step, which a small model's step feels.
    """
    kinds: dict[torch.dtype, Held] = {}
    seen: set[int] = set()
    for part in module.modules():
        for slots in (part._parameters, part._buffers):
            for name, tensor in slots.items():
                if isinstance(tensor, Tensor) and id(tensor) not in seen:  # shared ones once
                    seen.add(id(tensor))
                    kinds.setdefault(tensor.dtype, []).append((slots, name))
    return list(kinds.values())
