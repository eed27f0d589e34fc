"""Which parameters decay."""

from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn


def parameter_groups(model: nn.Module, objectives: Sequence[nn.Module]) -> list[dict[str, Any]]:
    """Parameters that decay (matrices and filters) and those that do not (all the rest)."""

    def trainable(parameters: Iterable[nn.Parameter]) -> list[nn.Parameter]:
        return [p for p in parameters if p.requires_grad]

    weights = [p for p in trainable(model.parameters()) if p.ndim > 1]
    rest = [p for p in trainable(model.parameters()) if p.ndim <= 1]
    rest += trainable(nn.ModuleList(objectives).parameters())
    return [{"params": weights}, {"params": rest, "weight_decay": 0.0}]
