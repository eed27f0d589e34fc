"""solobox: one image, one object, its class and its box."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solobox.inference.predictor import Predictor

__version__ = "0.1.0"


def load(checkpoint: str | Path, device: str | None = None) -> "Predictor":
    """A trained model, ready to be asked: `solobox.load("best.ckpt").predict("photo.jpg")`.

    Nothing in the checkpoint is executed, and no other file is needed.

    Args:
        checkpoint: such as runs/NAME/checkpoints/best.ckpt.
        device: "cpu", "cuda" and so on; None: a GPU if there is one.

    Raises:
        CheckpointError: there is none, it is damaged, or of another version.
    """
    from solobox.engine.load import load_model  # `import solobox` alone stays quick
    from solobox.inference.predictor import Predictor

    return Predictor(load_model(checkpoint), device)
