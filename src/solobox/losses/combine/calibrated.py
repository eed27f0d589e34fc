"""A weighted sum whose weights are measured once, before the first step."""

import torch
from torch import Tensor, nn

from solobox.losses.checks import above_zero

ORDINARY = 0.95


class Calibrated(nn.Module):
    """A weighted sum, weighted once so that both tasks pull equally at the shared features.

    L = Lc + beta Ll, beta = ratio N_c / N_l, with N_i the norm of task i's gradient at the shared
    features before the first step: the mean over images, without the largest 5 %.

    Compares losses instead of hidden weights: swap the box loss, and it pulls as hard as the one
    before. The weights then stay, so a loss whose gradient fades with the error falls behind
    again; nothing else is as cheap. 1 until it is calibrated.

    Args:
        ratio: pull of the box over pull of the class, > 0.
        batches: how many batches are measured, >= 1; they are not trained on. A run of fewer than
            15 steps a batch measures fewer.

    Shape:
        lc (B,), ll (B,), weights (B,) summing to 1, step int -> ().

    Raises:
        ValueError: ratio <= 0, batches < 1, or a task that sends no gradient.

    Reference:
        Static weights from gradient norms are what Xin et al., "Do Current Multi-Task
        Optimization Methods in Deep Learning Even Help?", NeurIPS 2022, arXiv:2209.11379, leaves
        standing; the recipe is ours.
    """

    beta: Tensor

    def __init__(self, *, ratio: float = 1.0, batches: int = 64) -> None:
        super().__init__()
        above_zero(ratio=ratio)
        if type(batches) is not int or batches < 1:
            raise ValueError(f"batches must be a whole number >= 1; found {batches!r}")
        self.ratio, self.batches = ratio, batches
        self.register_buffer("beta", torch.ones(()))

    def calibrate(self, norms: Tensor) -> None:
        """Set beta from gradient norms (n, 2) of class and box, one row an image."""
        # One image whose box hardly touches sends 1 / IoU under log_iou, as much as all others.
        ordinary = norms.sort(dim=0).values[: max(1, int(ORDINARY * len(norms)))]
        class_norm, box_norm = ordinary.mean(0).tolist()
        for task, norm in (("classification", class_norm), ("localisation", box_norm)):
            above_zero(**{f"the gradient of the {task} loss": norm})
        self.beta = torch.full_like(self.beta, self.ratio * class_norm / box_norm)

    def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
        return weights @ lc + self.beta * (weights @ ll)
