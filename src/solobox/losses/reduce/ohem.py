"""Online hard example mining."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import one_of, within


class OHEM(nn.Module):
    """Online hard example mining: only the hardest samples of the batch count.

    w_n = 1 / k for the k = max(1, floor(fraction B)) samples with the largest loss, else 0.

    Spends the batch on what is not yet learnt. Wrong labels are the hardest samples of all, and
    then it spends the batch on them.

    Args:
        fraction: part of the batch that counts, in (0, 1].
        by: which loss says what is hard: "classification", "localisation", or their "sum", in
            which the larger loss decides.

    Shape:
        lc (B,), ll (B,), labels (B,) -> weights (B,), detached, >= 0, summing to 1.

    Raises:
        ValueError: fraction outside (0, 1], or another word as `by`.

    Reference:
        Shrivastava et al., "Training Region-based Object Detectors with Online Hard Example
        Mining", CVPR 2016, arXiv:1604.03540. There per image among its regions.
    """

    def __init__(self, *, fraction: float = 0.25, by: str = "sum") -> None:
        super().__init__()
        within("(0, 1]", fraction=fraction)
        one_of(("classification", "localisation", "sum"), by=by)
        self.fraction, self.by = fraction, by

    def forward(self, lc: Tensor, ll: Tensor, labels: Tensor) -> Tensor:
        loss = {"classification": lc, "localisation": ll, "sum": lc + ll}[self.by].detach()
        k = max(1, int(self.fraction * len(loss) + 1e-9))  # .29 * 100 is 28.999999999999996
        return torch.zeros_like(loss).index_fill(0, loss.topk(k).indices, 1 / k)
