"""Which parameters decay, and which learn more slowly."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from solobox.models.localiser import Localiser


def parameter_groups(
    model: Localiser, objectives: Sequence[nn.Module], trunk: float
) -> list[dict[str, Any]]:
    """Head and trunk, each split into what decays (matrices and filters) and what does not.

    What the losses learn goes with the head. `factor` in a group multiplies the learning rate.

    Args:
        model: head and trunk.
        objectives: losses, which may have parameters.
        trunk: factor of the trunk's learning rate, > 0.
    """
    losses = nn.ModuleList(objectives).parameters()
    groups = []
    for owner, more, factor in ((model.head, losses, 1.0), (model.trunk, (), trunk)):
        own = list(owner.parameters())
        decaying = [p for p in own if p.ndim > 1]
        rest = [*(p for p in own if p.ndim <= 1), *more]
        groups.append({"params": decaying, "factor": factor})
        groups.append({"params": rest, "factor": factor, "weight_decay": 0.0})
    return groups
