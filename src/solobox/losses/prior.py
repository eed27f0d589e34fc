"""What a head starts from so that its first answer is how often each class occurs."""

import torch
from torch import Tensor

from solobox.types import TrainStats


def log_frequencies(stats: TrainStats, weight: Tensor | float = 1.0) -> Tensor:
    """Logits (K,) whose softmax is the weighted frequency of each class: ln(w_k f_k) - ln sum."""
    weighted = (_frequencies(stats) * weight).clamp(min=1e-12)
    return (weighted / weighted.sum()).log().float()


def log_odds(stats: TrainStats) -> Tensor:
    """Logits (K,) whose sigmoid is the frequency of each class: b_k = ln(f_k / (1 - f_k)).

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, start from a small guessed f;
    here an object is always present, and its classes can be counted.
    """
    return _frequencies(stats).logit().float()


def _frequencies(stats: TrainStats) -> Tensor:
    # A class without images, or the only one, is short of certainty by one image.
    counts = torch.tensor(stats.counts, dtype=torch.float64)
    return (counts / stats.n).clamp(1 / (stats.n + 1), stats.n / (stats.n + 1))
