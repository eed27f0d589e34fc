"""A trained model out of its checkpoint, which says itself what it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solobox.engine.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from solobox.errors import CheckpointError
from solobox.models import build
from solobox.models.localiser import Localiser

TEMPERATURE = "temperature"


@dataclass(frozen=True)
class Trained:
    """What a checkpoint holds.

    Attributes:
        model: with its weights, in eval mode.
        config: settings of the run it comes from.
        temperature: of its class probabilities; 1 where it was not calibrated.
    """

    model: Localiser
    config: dict[str, Any]
    temperature: float


def load_model(path: str | Path) -> Trained:
    """Build the model that a checkpoint describes.

    Raises:
        CheckpointError: there is none, it is damaged, or of another version.
    """
    checkpoint = read_checkpoint(path)
    about = checkpoint["solobox"]
    model = build(about["model"])
    try:
        model.load_state_dict(weights_in(checkpoint))
    except RuntimeError as error:
        raise CheckpointError(f"{path}: its weights do not fit what it describes") from error
    return Trained(model.eval(), about["config"], about.get(TEMPERATURE, 1.0))


def weights_in(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The model's part of a checkpoint's state."""
    prefix = "model."
    state = checkpoint["state_dict"]
    return {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}


def store_temperature(path: Path, temperature: float) -> None:
    """Write a temperature into a checkpoint.

    Raises:
        CheckpointError: it cannot be read or written; it is as it was.
    """
    checkpoint = read_checkpoint(path)
    checkpoint["solobox"][TEMPERATURE] = temperature
    AtomicCheckpointIO().save_checkpoint(checkpoint, path)
