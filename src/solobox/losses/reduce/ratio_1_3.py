"""Hard negative mining at one to three (SSD)."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero, bound
from solobox.types import TrainStats


class Ratio13(nn.Module):
    """Hard negative mining as in SSD: of the frequent class only the hardest three to one count.

    w_n = 1 / m for every positive and for the hardest `ratio` times as many negatives (of one, if
    there is no positive), else 0; m is the number that count.

    SSD's negatives are background, and there is none here: the most frequent class stands in for
    it. Hard means a large classification loss. In a batch where that class is no more than
    `ratio` times as frequent as the rest, this is the mean.

    Args:
        ratio: negatives for each positive, > 0. Paper: 3.
        negative: index of the class that is mined; None: the most frequent of the training split.

    Shape:
        lc (B,), ll (B,), labels (B,) -> weights (B,), detached, >= 0, summing to 1.

    Raises:
        ValueError: ratio <= 0, or negative not a class (at `bind`).

    Reference:
        Liu et al., "SSD: Single Shot MultiBox Detector", ECCV 2016, arXiv:1512.02325. There the
        sum is divided by the number of positives.
    """

    negative: Tensor | None

    def __init__(self, *, ratio: float = 3.0, negative: int | None = None) -> None:
        super().__init__()
        above_zero(ratio=ratio)
        if negative is not None and not (type(negative) is int and negative >= 0):
            raise ValueError(f"negative must be the index of a class, 0 for C1; found {negative!r}")
        self.ratio = ratio
        self.from_data = negative is None
        self.register_buffer("negative", None if negative is None else torch.tensor(negative))

    def bind(self, stats: TrainStats) -> None:
        """Find the most frequent class, or check that the given one exists."""
        if self.from_data:
            self.negative = torch.tensor(stats.counts).argmax()
        elif int(bound("negative", self.negative)) >= len(stats.counts):
            raise ValueError(
                f"negative must be the index of one of {len(stats.counts)} classes, 0 for C1; "
                f"found {int(bound('negative', self.negative))}"
            )

    def forward(self, lc: Tensor, ll: Tensor, labels: Tensor) -> Tensor:
        positive = labels != bound("negative", self.negative)
        # Ranks of hardness with all positives before all negatives; nothing waits for a GPU.
        hardness = lc.detach().masked_fill(positive, torch.inf)
        rank = hardness.argsort(descending=True).argsort()
        counting = positive.sum()
        kept = rank < counting + self.ratio * counting.clamp(min=1)
        return kept.to(lc) / kept.sum()
