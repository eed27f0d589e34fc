"""Who pulls how hard: the tasks' gradients where both meet."""

import copy
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from solobox.losses.across import sum_over_ranks
from solobox.losses.gradient_scheme import task_gradients
from solobox.losses.objective import Objective, slopes
from solobox.losses.task_losses import task_losses
from solobox.models.localiser import Localiser
from solobox.types import Batch, LossParts

FAINT = 1e-3


class Balance(NamedTuple):
    """Who pulls how hard in one step; all () on the device of the features.

    Attributes:
        norm_class: norm of the classification loss's gradient at the shared features.
        norm_box: that of the localisation loss.
        pull_class: norm_class times weight_class: what really reaches the trunk.
        pull_box: norm_box times weight_box.
        share_box: pull_box / (pull_class + pull_box).
        cosine: of both gradients; below 0 they work against each other.
        weight_class: what the combination multiplies the classification loss by.
        weight_box: that of the localisation loss.
        active_class: part of the images through which the class trains.
        active_box: part of the images through which the box trains.
        inliers: part of the box gradient that comes from images with IoU >= .5.
    """

    norm_class: Tensor
    norm_box: Tensor
    pull_class: Tensor
    pull_box: Tensor
    share_box: Tensor
    cosine: Tensor
    weight_class: Tensor
    weight_box: Tensor
    active_class: Tensor
    active_box: Tensor
    inliers: Tensor


def balance_of(parts: LossParts, features: Tensor, good: Tensor) -> Balance:
    """Measure a step whose graph is still there; the objective is not called again.

    Costs two backward passes through the head, none through the trunk. Where several ranks share
    a batch, all of them measure the whole of it together.

    Args:
        parts: what the objective said.
        features: (B, C, h, w) that both tasks were computed from.
        good: (B,) bool, where the predicted box has IoU >= .5.
    """
    multiplied = slopes(parts)
    losses = task_losses(parts.classification, parts.localisation, parts.sample_weights)
    rows = task_gradients(losses, features)
    weights = torch.stack([slope.sum() for slope in multiplied])
    images = rows[1].norm(dim=1)
    sums = [gradient.square().sum() for gradient in rows]
    sums += [(rows[0] * rows[1]).sum(), (images * good).sum(), images.sum()]
    *squares, product, from_good, from_all = sum_over_ranks(torch.stack(sums))
    norms = torch.stack(squares).sqrt()
    pulls = weights.abs() * norms
    tiny = torch.finfo(norms.dtype).tiny
    active = [slope.ne(0).float().mean() for slope in multiplied]
    return Balance(
        norm_class=norms[0],
        norm_box=norms[1],
        pull_class=pulls[0],
        pull_box=pulls[1],
        share_box=pulls[1] / pulls.sum().clamp(min=tiny),
        cosine=product / norms.prod().clamp(min=tiny),
        weight_class=weights[0],
        weight_box=weights[1],
        active_class=active[0],
        active_box=active[1],
        inliers=from_good / from_all.clamp(min=tiny),
    )


def image_pulls(model: Localiser, objective: Objective, batches: Iterable[Batch]) -> Tensor:
    """Norms (n, 2) of what class and box send into the shared features, one row an image.

    Measured on copies, so that neither weights nor running statistics nor the state of a loss
    change. A head that starts at zero sends nothing back; its zero layers are given faint random
    weights, which hardly change what it says and are the same for every loss. Nothing is
    propagated through the trunk.
    """
    model, objective = copy.deepcopy(model).train(), copy.deepcopy(objective).eval()
    pulls = []
    with torch.random.fork_rng():
        torch.manual_seed(0)
        _wake(model.head)
        for batch in batches:
            with torch.no_grad():
                features = model.features(batch.images)
            pulls.append(_pulls(model, objective, features.requires_grad_(), batch))
    return torch.cat(pulls)


def _pulls(model: Localiser, objective: Objective, features: Tensor, batch: Batch) -> Tensor:
    with torch.enable_grad(), torch.autocast(features.device.type, enabled=False):
        pred, labels, boxes, *_ = model.rows(features, batch.labels, batch.boxes)
        losses = task_losses(*objective.image_losses(pred, labels, boxes))
        gradients = task_gradients(losses, features)
    # Rows of a mean: times their number they are what each image would send alone.
    return torch.stack([len(rows) * rows.norm(dim=1) for rows in gradients], dim=1)


def _wake(head: nn.Module) -> None:
    for parameter in head.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=FAINT * parameter[0].numel() ** -0.5)
