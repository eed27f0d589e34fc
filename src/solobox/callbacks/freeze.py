"""Parts of the trunk that do not train, or not yet."""

from typing import cast

from lightning import Callback, LightningModule, Trainer
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from solobox.errors import ConfigError
from solobox.models.backbone import parts
from solobox.module import SoloboxModule
from solobox.types import Batch

BATCHNORM = ("train", "frozen")


class Freeze(Callback):
    """Keeps the first parts of the trunk as they are, and thaws them one by one if asked.

    Which parts are frozen follows from the step alone, so a continued run freezes the same ones.
    Frozen parts cost no backward pass and keep their BatchNorm statistics.

    Args:
        frozen: how many parts, first to last; a part is what the trunk consists of, e.g. one of
            the 19 of mobilenet_v2.
        thaw: part of the run over which they thaw, the last first, in [0, 1]; 0: never.
        batchnorm: "train", or "frozen": the statistics of the whole trunk stay what they were.

    Raises:
        ConfigError: thaw or batchnorm outside their range.
    """

    def __init__(self, frozen: int, thaw: float, batchnorm: str) -> None:
        if not 0 <= thaw <= 1:
            raise ConfigError(f"model.thaw must be in [0, 1]; found {thaw}")
        if batchnorm not in BATCHNORM:
            raise ConfigError(
                f"model.batchnorm must be one of {', '.join(BATCHNORM)}; found {batchnorm!r}"
            )
        self.frozen, self.thaw, self.batchnorm = frozen, thaw, batchnorm
        self.now = 0  # parts that are frozen
        self.still: list[nn.Module] = []  # modules kept in eval mode

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count the parts of this trunk.

        Raises:
            ConfigError: it has fewer.
        """
        trunk = cast(SoloboxModule, pl_module).model.trunk
        most = len(parts(trunk))
        if not 0 <= self.frozen <= most:
            raise ConfigError(
                f"model.frozen must be in [0, {most}], the number of parts of this trunk; "
                f"found {self.frozen}"
            )
        self._freeze(trunk, self.frozen)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Freeze what should be frozen in this step."""
        module = cast(SoloboxModule, pl_module)
        due = self.frozen
        if self.thaw:
            left = 1 - trainer.global_step / module.steps / self.thaw
            due = min(self.frozen, max(0, int(left * (self.frozen + 1))))
        if due != self.now:
            self._freeze(module.model.trunk, due)
        for part in self.still:  # Lightning puts all back to train mode after a validation
            if part.training:
                part.eval()

    def _freeze(self, trunk: nn.Module, count: int) -> None:
        self.now = count
        inside = parts(trunk)
        for i, part in enumerate(inside):
            part.requires_grad_(i >= count)
            if i >= count:
                part.train()
        self.still = [module for part in inside[:count] for module in part.modules()]
        if self.batchnorm == "frozen":
            self.still += [m for m in trunk.modules() if isinstance(m, _BatchNorm)]
