"""Who pulls how hard: the tasks' gradients where both meet."""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from solobox.losses.gradient_scheme import task_gram, task_losses
from solobox.losses.objective import Objective
from solobox.models.localiser import Localiser
from solobox.types import Batch, Prediction


def gradient_norms(model: Localiser, objective: Objective, batches: Iterable[Batch]) -> Tensor:
    """Norms (n, 2) of the gradients of class and box at the shared features, one row a batch.

    Measured on copies, so that neither weights nor running statistics nor the state of a loss
    change. A head that starts at zero sends nothing back; its zero layers are given random
    weights for this, the same for both tasks and for every loss.
    """
    model, objective = copy.deepcopy(model).train(), copy.deepcopy(objective).eval()
    rows = []
    with torch.random.fork_rng(), torch.enable_grad():
        torch.manual_seed(0)
        _wake(model.head)
        for batch in batches:
            features = model.features(batch.images)
            pred = Prediction.of(model.outputs(features))
            with torch.autocast(features.device.type, enabled=False):
                losses = task_losses(*objective.task_losses(pred, batch.labels, batch.boxes))
                rows.append(task_gram(losses, features).diagonal().sqrt())
    return torch.stack(rows)


def _wake(head: nn.Module) -> None:
    for parameter in head.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
