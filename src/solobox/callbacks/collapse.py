"""Warns when a model says the same for every image."""

import sys
from typing import Any, cast

from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from solobox.module import SoloboxModule

# The same thing in so many validations in a row is no accident of the first steps.
PATIENCE = 3
SAME_BOX = 0.005  # standard deviation over the images, in image sides
EDGE = 1e-3  # a coordinate as close to 0 or 1 comes from a saturated sigmoid

ADVICE = {
    "one class": "every image gets the same class; lower optimizer.lr, weight the classes "
    "(loss/classification=weighted_cross_entropy) or the task (loss/combine=calibrated)",
    "same box": "every image gets the same box; give the box loss more weight "
    "(loss/combine=calibrated), or one that pulls harder (loss/localisation=giou)",
    "saturated box": "most boxes are stuck at an edge of what a sigmoid can say; lower "
    "optimizer.lr or trainer.gradient_clip_val, or choose model/head=soft_argmax",
}


class Collapse(Callback):
    """Looks at the predictions of each validation; says once what they have in common.

    Attributes:
        found: names of what was warned of, in order.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.rows = dict.fromkeys(ADVICE, 0)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Count validations in a row, and warn."""
        results = cast(SoloboxModule, pl_module).results
        if trainer.sanity_checking or results is None or len(results.labels) < 2:
            return
        for name, collapsed in signs(results.predicted, results.boxes, results.labels).items():
            self.rows[name] = self.rows[name] + 1 if collapsed else 0
            if self.rows[name] == PATIENCE and name not in self.found:
                self.found.append(name)
                text = f"warning: in {PATIENCE} validations in a row {ADVICE[name]}"
                print(text, file=sys.stderr)

    def state_dict(self) -> dict[str, Any]:
        """What was seen so far."""
        return {"found": list(self.found), "rows": dict(self.rows)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.found, self.rows = list(state_dict["found"]), dict(state_dict["rows"])


def signs(predicted: Tensor, boxes: Tensor, labels: Tensor) -> dict[str, bool]:
    """What of ADVICE holds for the predictions of a split: classes (n,), boxes (n, 4)."""
    edges = (boxes < EDGE) | (boxes > 1 - EDGE)
    return {
        "one class": bool((predicted == predicted[0]).all()) and len(labels.unique()) > 1,
        "same box": bool((boxes.std(0) < SAME_BOX).all()),
        "saturated box": bool(edges.any(-1).float().mean() > 0.5),
    }
