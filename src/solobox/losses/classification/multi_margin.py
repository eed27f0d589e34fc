"""Multi-class hinge loss of Weston and Watkins."""

from torch import Tensor, nn

from solobox.losses.checks import above_zero


class MultiMargin(nn.Module):
    """Hinge loss of Weston and Watkins: the true class must lead every other one by a margin.

    L = 1 / K sum_{k != y} max(0, margin + logit_k - logit_y).

    As hinge, but every class that comes too close pulls. With K = 2 it is half of hinge.

    Args:
        margin: lead of the true class that suffices, > 0. Paper: 1 up to scale.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: margin <= 0.

    Reference:
        Weston and Watkins, "Support Vector Machines for Multi-Class Pattern Recognition", ESANN
        1999. Divided by K as in torch.nn.MultiMarginLoss.
    """

    def __init__(self, *, margin: float = 1.0) -> None:
        super().__init__()
        above_zero(margin=margin)
        self.margin = margin

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        lead = logits.gather(-1, labels[:, None]) - logits
        gap = (self.margin - lead).clamp(min=0).scatter(-1, labels[:, None], 0)
        return gap.sum(-1) / logits.shape[-1]
