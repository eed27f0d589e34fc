"""Weights to start from: torchvision's, a file of them, or a run of one's own."""

from typing import Any

from solobox.engine.checkpoint_io import read_checkpoint
from solobox.errors import CheckpointError, ConfigError
from solobox.models.backbone import OWN
from solobox.models.localiser import Localiser
from solobox.models.pretrained import downloaded, load_trunk, read_weights

SAME = ("backbone", "channels")  # without these the trunk does not fit
SAME_HEAD = ("head", "decode", "classes")


def warm_start(model: Localiser, description: dict[str, Any], weights: str) -> str:
    """Load weights into a model that is bound to its training split.

    Args:
        model: to load into.
        description: what it was built from.
        weights: "DEFAULT" (torchvision's download), a torchvision state_dict, or a checkpoint of
            an own run, of which the trunk is taken, and the head if it is of the same kind and for
            the same classes.

    Returns:
        A sentence about what was loaded.

    Raises:
        ConfigError: it cannot be found, read, or does not fit.
    """
    name = description["backbone"]
    if weights == "DEFAULT":
        _check_pretrained(name)
        load_trunk(model.trunk, name, downloaded(name), "torchvision's file")
        return f"trunk {name} from torchvision's DEFAULT"
    state = read_weights(weights)
    if "solobox" not in state:
        _check_pretrained(name)
        load_trunk(model.trunk, name, state, weights)
        return f"trunk {name} from {weights}"
    try:
        state = read_checkpoint(weights)
    except CheckpointError as error:
        raise ConfigError(f"model.weights: {error}") from error
    theirs = state["solobox"]["model"]
    for key in SAME:
        if theirs[key] != description[key]:
            raise ConfigError(
                f"model.weights: {weights} has model.{key}={theirs[key]}, this run has "
                f"{description[key]}"
            )
    whole = all(theirs[key] == description[key] for key in SAME_HEAD)
    prefix = "model." if whole else "model.trunk."
    found = {k[len(prefix) :]: v for k, v in state["state_dict"].items() if k.startswith(prefix)}
    (model if whole else model.trunk).load_state_dict(found)
    if whole:
        return f"trunk and head from {weights}"
    differs = ", ".join(key for key in SAME_HEAD if theirs[key] != description[key])
    return f"trunk {name} from {weights}; its head is another one ({differs} differ)"


def _check_pretrained(name: str) -> None:
    if name in OWN:
        raise ConfigError(
            f"model.weights: there are no pretrained weights of {name}; choose another model, or "
            f"give a run of your own"
        )
