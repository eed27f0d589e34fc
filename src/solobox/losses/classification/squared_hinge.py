"""Squared multi-class hinge loss."""

from torch import Tensor, nn

from solobox.losses.checks import above_zero


class SquaredHinge(nn.Module):
    """Squared hinge loss: classes that come closer than the margin cost the square of it.

    L = 1 / K sum_{k != y} max(0, margin + logit_k - logit_y)^2.

    The gradient fades towards the margin instead of stopping there, and grows without bound with
    the error: one confidently wrong image can outweigh a batch.

    Args:
        margin: lead of the true class that suffices, > 0.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Raises:
        ValueError: margin <= 0.

    Reference:
        Tang, "Deep Learning using Linear Support Vector Machines", ICML workshop 2013,
        arXiv:1306.0239. There one-vs-rest; here against the true class and divided by K, as in
        torch.nn.MultiMarginLoss with p = 2.
    """

    def __init__(self, *, margin: float = 1.0) -> None:
        super().__init__()
        above_zero(margin=margin)
        self.margin = margin

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        lead = logits.gather(-1, labels[:, None]) - logits
        gap = (self.margin - lead).clamp(min=0).scatter(-1, labels[:, None], 0)
        return gap.square().sum(-1) / logits.shape[-1]
