"""Whether training stays finite; what went to infinity first, and on which images."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from solobox.errors import DivergedError

NAMED = 5  # images in a sentence
Losses = tuple[Tensor, Tensor, Tensor]  # classification (B,), localisation (B,), indices (B,)


class Watch:
    """Losses and soundness of the steps that nobody has asked about yet.

    Asking a GPU makes the host wait for it, so that steps may be noted first and asked about
    together.
    """

    def __init__(self) -> None:
        self.losses: list[Losses] = []  # of the step under way: one a batch
        self.steps: list[tuple[int, Tensor, list[Losses]]] = []

    def end_step(self, step: int, gradient_is_finite: Tensor | bool) -> Tensor:
        """Note a step; returns whether it is sound, which is not asked here."""
        values = torch.cat([loss for *tasks, _ in self.losses for loss in tasks])
        sound = values.isfinite().all() & gradient_is_finite
        self.steps.append((step, sound, self.losses))
        self.losses = []
        return sound

    def look_back(self, names: Sequence[str]) -> None:
        """Ask about all steps noted.

        Args:
            names: of the training images.

        Raises:
            DivergedError: a loss or gradient was not finite.
        """
        steps, self.steps = self.steps, []
        if torch.stack([sound for _, sound, _ in steps]).all():
            return
        step, _, losses = next(noted for noted in steps if not noted[1])
        raise DivergedError(explain_divergence(losses, names, step))


def refuse_infinite(weights: Mapping[str, Tensor], step: int) -> None:
    """Look at weights and statistics after some steps.

    Raises:
        DivergedError: one is not finite.
    """
    for name, value in weights.items():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise DivergedError(
                f"training diverged: after step {step} {name} is not finite. The checkpoints hold "
                f"the state before, if there was one; lower optimizer.lr"
            )


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
