"""Pretrained weights of a trunk: a file, or torchvision's download."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from solobox.errors import ConfigError
from solobox.models.backbone import cut, see_grey, whole
from solobox.plain import refuse_bomb


def load_trunk(trunk: nn.Module, name: str, state: dict[str, Any], source: str) -> None:
    """Load a torchvision state_dict of the whole network, leaving its classifier over.

    Args:
        trunk: built as `name`, for images in colour or grey.
        name: of the torchvision network.
        state: its state_dict.
        source: where that came from, for messages.

    Raises:
        ConfigError: it is not one of this network.
    """
    network = whole(name)
    inside = set(cut(network).state_dict(keep_vars=True).values())
    wanted = {key for key, value in network.state_dict(keep_vars=True).items() if value in inside}
    loose = network.state_dict().keys() - wanted
    missing, unknown = sorted(wanted - state.keys()), sorted(state.keys() - wanted - loose)
    if missing or unknown:
        raise ConfigError(
            f"model.weights: {source} does not belong to {name}: {len(missing)} entries are "
            f"missing (first: {missing[:1]}), {len(unknown)} are not of this network "
            f"({unknown[:1]})"
        )
    try:
        network.load_state_dict({k: v for k, v in state.items() if k in wanted}, strict=False)
    except RuntimeError as error:
        raise ConfigError(f"model.weights: {source} does not fit {name} ({error})") from error
    loaded = cut(network)
    first = next(m for m in trunk.modules() if isinstance(m, nn.Conv2d))
    if first.in_channels == 1:
        see_grey(loaded)
    trunk.load_state_dict(loaded.state_dict())


def read_weights(path: str | Path) -> dict[str, Any]:
    """A file of tensors under names; nothing in it is executed.

    Raises:
        ConfigError: no such file, or it holds anything else.
    """
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            raise FileNotFoundError
        if zipfile.is_zipfile(path):  # older weights of torchvision are none
            refuse_bomb(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ConfigError(f"model.weights: there is no file {path}") from None
    except Exception as error:
        raise ConfigError(
            f"model.weights: {path} is not a file of plain weights ({error})"
        ) from error
    if not isinstance(state, dict):
        raise ConfigError(f"model.weights: {path} holds a {type(state).__name__}, not a state_dict")
    return state


def downloaded(name: str) -> dict[str, Any]:
    """The best weights torchvision has of a network, downloaded once.

    Raises:
        ConfigError: there are none, or they cannot be fetched.
    """
    whole(name)  # names those there are
    from torchvision import models

    try:
        return dict(
            models.get_model_weights(name)["DEFAULT"].get_state_dict(
                progress=False, check_hash=True
            )
        )
    except (OSError, RuntimeError) as error:  # no network, a full disk, or a torn file
        raise ConfigError(
            f"model.weights=DEFAULT: cannot download the weights of {name} ({error}). Fetch the "
            f"state_dict where there is a network and give its path, or start without: "
            f"model.weights=null"
        ) from error
