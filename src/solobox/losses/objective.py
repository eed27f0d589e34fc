"""Two task losses into the one number that is minimised."""

import torch
from torch import Tensor, nn

from solobox.losses.across import rows_of_all
from solobox.losses.gradient_scheme import GradientScheme, task_gram
from solobox.losses.task_losses import task_losses
from solobox.types import LossParts, Prediction, TrainStats


class Objective(nn.Module):
    """classification + localisation -> reduce -> combine.

    Computes in float32 whatever the precision of the model: a GIoU of .0393 in float32 is .0291
    from bfloat16 inputs.

    Args:
        classification: `logits (B, K), labels (B,) -> (B,)`.
        localisation: `pred (B, 4), target (B, 4) -> (B,)`.
        reduce: `lc (B,), ll (B,), labels (B,) -> weights (B,)`.
        combine: `lc (B,), ll (B,), weights (B,), step -> ()`, or a GradientScheme.
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

    def image_losses(
        self, pred: Prediction, labels: Tensor, boxes: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Both losses and the weight of each sample, (B,) each, before they are combined."""
        lc, ll = self._task_losses(pred, labels, boxes)
        return lc, ll, self.reduce(lc.detach(), ll.detach(), labels)

    def _task_losses(
        self, pred: Prediction, labels: Tensor, boxes: Tensor
    ) -> tuple[Tensor, Tensor]:
        if pred.box.shape != boxes.shape:
            raise ValueError(f"boxes must be {tuple(pred.box.shape)}; found {tuple(boxes.shape)}")
        lc = self.classification(pred.logits.float(), labels)
        return lc, self.localisation(pred.box.float(), boxes.float())

    def forward(
        self,
        pred: Prediction,
        labels: Tensor,
        boxes: Tensor,
        step: int,
        features: Tensor | None = None,
        scale: tuple[float, float] = (1.0, 1.0),
    ) -> LossParts:
        """Losses of one batch; where several processes share it, of all of it.

        Each process then reduces and combines the losses of every image of the batch, so that
        each scheme chooses what one process would choose.

        Args:
            pred: what the model says.
            labels: (B,) int64.
            boxes: (B, 4), centre form in [0, 1].
            step: optimizer steps done.
            features: what both tasks were computed from; schemes that balance gradients need it.
            scale: factors of both losses before they are combined.
        """
        with torch.autocast(pred.box.device.type, enabled=False):
            lc, ll = self._task_losses(pred, labels, boxes)
            lc, ll = rows_of_all(torch.stack((lc, ll), dim=1)).unbind(1)
            weights = self.reduce(lc.detach(), ll.detach(), rows_of_all(labels))
            scaled = scale[0] * lc, scale[1] * ll
            if not isinstance(self.combine, GradientScheme):
                return LossParts(self.combine(*scaled, weights, step), lc, ll, weights)
            if features is None:
                raise ValueError(f"{type(self.combine).__name__} needs the shared features")
            losses = task_losses(*scaled, weights)
            gram = task_gram(losses, features)
            own = task_losses(lc, ll, weights).detach()
            total = self.combine.weights(gram, own, step) @ losses
            learning = self.combine.learning_loss(gram, own)
            if learning is not None:  # trains the scheme's own weights, changes no value
                total = total + (learning - learning.detach()).to(total)
            return LossParts(total, lc, ll, weights)


def slopes(parts: LossParts) -> tuple[Tensor, Tensor]:
    """Give d total / d lc and d total / d ll, (B,) each: by what each image's loss is multiplied.

    Their sums are the effective weights of both losses. Read off the graph of `parts`, which
    stays usable; the objective is not called again.
    """
    tasks = (parts.classification, parts.localisation)
    slope_c, slope_l = torch.autograd.grad(
        parts.total, tasks, retain_graph=True, materialize_grads=True
    )
    return slope_c, slope_l
