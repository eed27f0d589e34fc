"""A trained model out of its checkpoint, which says itself what it is."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solobox.engine.checkpoint_io import (
    FORMAT,
    AtomicCheckpointIO,
    found_format,
    read_checkpoint,
)
from solobox.errors import CheckpointError
from solobox.models import build
from solobox.models.localiser import Localiser

SAFETENSORS = ".safetensors"
LARGEST = 8192  # pixels of an input's side
ABOUT = "solobox"  # what a checkpoint says about itself, and a safetensors file as JSON


@dataclass(frozen=True)
class Trained:
    """What a checkpoint holds.

    Attributes:
        model: with its weights, in eval mode.
        about: what it says about itself, plain data: how the model is built, the run's settings.
    """

    model: Localiser
    about: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        """Settings of the run it comes from."""
        return self.about["config"]

    @property
    def temperature(self) -> float:
        """Of its class probabilities; 1 where it was not calibrated."""
        return self.about.get("temperature", 1.0)

    @property
    def figures(self) -> dict[str, float]:
        """What it reached on its run's own images, such as val/loc_50."""
        return self.about.get("figures", {})


def load_model(path: str | Path) -> Trained:
    """Build the model that a checkpoint or an exported safetensors file describes.

    Raises:
        CheckpointError: there is none, it is damaged, or of another version.
    """
    if Path(path).suffix == SAFETENSORS:
        about, weights = read_safetensors(Path(path))
    else:
        checkpoint = read_checkpoint(path)
        about, weights = checkpoint[ABOUT], weights_in(checkpoint)
    check_about(about, path)
    try:
        model = build(about["model"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path}: cannot build the model it describes ({error})") from error
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: its weights do not fit what it describes") from error
    return Trained(model.eval(), about)


def check_about(about: dict[str, Any], path: str | Path) -> None:
    """What is read out of a checkpoint's words must be there.

    Raises:
        CheckpointError: says what is missing or wrong.
    """
    config, model = about.get("config"), about.get("model")
    temperature = about.get("temperature", 1.0)
    for holds, what in (
        (isinstance(model, dict), "model, which describes its network"),
        (isinstance(model, dict) and 1 <= _whole(model.get("size")) <= LARGEST,
         f"model.size in [1, {LARGEST}] pixels"),
        (isinstance(model, dict) and isinstance(model.get("classes"), list)
         and all(isinstance(name, str) for name in model["classes"]), "model.classes, texts"),
        (isinstance(config, dict) and isinstance(config.get("data"), dict)
         and isinstance(config["data"].get("_target_"), str), "config, the settings of its run"),
        (isinstance(temperature, int | float) and 0 < temperature < math.inf,
         "temperature, a number over 0"),
    ):  # fmt: skip
        if not holds:
            raise CheckpointError(
                f"{path} is not a checkpoint of this solobox; expected in it {what}"
            )


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def read_safetensors(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an exported safetensors file says about its model, and the weights.

    Raises:
        CheckpointError: as load_model, or the package is missing.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError:
        raise CheckpointError(
            f"{path} needs the package safetensors: pip install solobox[export]"
        ) from None
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get(ABOUT, "{}"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise CheckpointError(f"there is no file {path}") from None
    except (SafetensorError, ValueError, OSError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file ({error})") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is not a model of this solobox; expected format {FORMAT}, "
            f"found {found_format(about)}"
        )
    return about, weights


def weights_in(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The model's part of a checkpoint's state."""
    prefix = "model."
    state = checkpoint["state_dict"]
    return {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}


def store_judgement(path: Path, temperature: float, figures: dict[str, float]) -> None:
    """Write into a checkpoint what was found out about it.

    Raises:
        CheckpointError: it cannot be read or written; it is as it was.
    """
    checkpoint = read_checkpoint(path)
    checkpoint[ABOUT] |= {"temperature": temperature, "figures": figures}
    AtomicCheckpointIO().save_checkpoint(checkpoint, path)
