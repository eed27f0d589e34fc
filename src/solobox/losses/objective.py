"""Two task losses into the one number that is minimised."""

import torch
from torch import Tensor, nn

from solobox.types import LossParts, Prediction, TrainStats


class Objective(nn.Module):
    """classification + localisation -> reduce -> combine.

    Computes in float32 whatever the precision of the model: a GIoU of .0393 in float32 is .0291
    from bfloat16 inputs.

    Args:
        classification: `logits (B, K), labels (B,) -> (B,)`.
        localisation: `pred (B, 4), target (B, 4) -> (B,)`.
        reduce: `lc (B,), ll (B,), labels (B,) -> weights (B,)`.
        combine: `lc (B,), ll (B,), weights (B,), step -> ()`.
    """

    def __init__(
        self,
        *,
        classification: nn.Module,
        localisation: nn.Module,
        reduce: nn.Module,
        combine: nn.Module,
    ) -> None:
        super().__init__()
        self.classification = classification
        self.localisation = localisation
        self.reduce = reduce
        self.combine = combine

    def bind(self, stats: TrainStats) -> None:
        """Hand the training split's statistics to every part that asks for them."""
        for part in self.children():
            if hasattr(part, "bind"):
                part.bind(stats)  # type: ignore[operator]

    def initial_logits(self, stats: TrainStats) -> Tensor:
        """Class scores (K,) that the head should start at: 0 unless the loss asks for a prior."""
        ask = getattr(self.classification, "initial_logits", None)
        logits = ask(stats) if ask is not None else None
        return torch.zeros(len(stats.counts)) if logits is None else logits

    def forward(self, pred: Prediction, labels: Tensor, boxes: Tensor, step: int) -> LossParts:
        """Losses of one batch; labels (B,) int64, boxes (B, 4) centre form in [0, 1]."""
        if pred.box.shape != boxes.shape:
            raise ValueError(f"boxes must be {tuple(pred.box.shape)}; found {tuple(boxes.shape)}")
        with torch.autocast(pred.box.device.type, enabled=False):
            lc = self.classification(pred.logits.float(), labels)
            ll = self.localisation(pred.box.float(), boxes.float())
            weights = self.reduce(lc.detach(), ll.detach(), labels)
            return LossParts(self.combine(lc, ll, weights, step), lc, ll, weights)


def effective_weights(parts: LossParts) -> tuple[Tensor, Tensor]:
    """Give d total / d Lc and d total / d Ll: what a combination really multiplies each loss by.

    Read off the graph of `parts`, which stays usable; the objective is not called again.
    """
    tasks = (parts.classification, parts.localisation)
    grad_c, grad_l = torch.autograd.grad(
        parts.total, tasks, retain_graph=True, materialize_grads=True
    )
    return grad_c.sum(), grad_l.sum()
