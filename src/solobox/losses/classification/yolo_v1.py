"""Class term of YOLOv1."""

from torch import Tensor, nn
from torch.nn import functional as F


class YOLOv1(nn.Module):
    """Class term of YOLOv1: the raw outputs are regressed to the one-hot label.

    L = sum_k (logit_k - [k = y])^2.

    Its gradient is as strong for an output that is too right as for one that is wrong, and grows
    without bound: the reason why later YOLOs moved to cross-entropies. The outputs are
    probabilities only as far as the regression succeeds.

    Shape:
        logits (B, K), labels (B,) int64 in [0, K) -> (B,), >= 0.

    Reference:
        Redmon et al., "You Only Look Once: Unified, Real-Time Object Detection", CVPR 2016,
        arXiv:1506.02640, last term of the loss.
    """

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        one_hot = F.one_hot(labels, logits.shape[-1]).to(logits)
        return (logits - one_hot).square().sum(-1)
