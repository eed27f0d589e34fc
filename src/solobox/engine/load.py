"""A trained model out of its checkpoint, which says itself what it is."""

from pathlib import Path
from typing import Any

from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import CheckpointError
from solobox.models import build
from solobox.models.localiser import Localiser


def load_model(path: str | Path) -> tuple[Localiser, dict[str, Any]]:
    """Build the model that a checkpoint describes, with its weights, in eval mode.

    Returns:
        The model, and the settings of the run it comes from.

    Raises:
        CheckpointError: there is none, it is damaged, or of another version.
    """
    checkpoint = read_checkpoint(path)
    model = build(checkpoint["solobox"]["model"])
    try:
        model.load_state_dict(weights_in(checkpoint))
    except RuntimeError as error:
        raise CheckpointError(f"{path}: its weights do not fit what it describes") from error
    return model.eval(), checkpoint["solobox"]["config"]


def weights_in(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The model's part of a checkpoint's state."""
    prefix = "model."
    state = checkpoint["state_dict"]
    return {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}
