"""What went to infinity first: a loss, and on which images, or the gradient alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

NAMED = 5  # images in a sentence


def explain_divergence(
    losses: Sequence[tuple[Tensor, Tensor, Tensor]], names: Sequence[str], step: int
) -> str:
    """One sentence for a step whose gradient is not finite.

    Args:
        losses: of the batches of the step: classification (B,), localisation (B,), indices (B,).
        names: of the training images.
        step: optimizer steps done.
    """
    lc, ll, indices = (torch.cat(column).cpu() for column in zip(*losses, strict=True))
    broken = []
    for task, loss in (("classification", lc), ("localisation", ll)):
        images = [names[i] for i in indices[~loss.isfinite()].tolist()]
        if images:
            more = f" and {len(images) - NAMED} more" if len(images) > NAMED else ""
            broken.append(f"the {task} loss is not finite for {', '.join(images[:NAMED])}{more}")
    what = " and ".join(broken) or "both losses are finite, but their gradient is not"
    return (
        f"training diverged in step {step + 1}: {what}. Weights and checkpoints are as before "
        f"this step; look at these images and their boxes, or lower optimizer.lr"
    )
