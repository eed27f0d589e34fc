"""Who pulls how hard: the tasks' gradients where both meet."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from solobox.losses.gradient_scheme import task_losses
from solobox.losses.objective import Objective
from solobox.models.localiser import Localiser
from solobox.types import Batch, Prediction

FAINT = 1e-3


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
        pred = Prediction.of(model.outputs(features))
        losses = task_losses(*objective.task_losses(pred, batch.labels, batch.boxes))
        gradients = [torch.autograd.grad(loss, features, retain_graph=True)[0] for loss in losses]
    # Rows of a mean: times their number they are what each image would send alone.
    return torch.stack([len(g) * g.flatten(1).norm(dim=1) for g in gradients], dim=1)


def _wake(head: nn.Module) -> None:
    for parameter in head.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=FAINT * parameter[0].numel() ** -0.5)
