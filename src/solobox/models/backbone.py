"""Trunks by name: every torchvision classification CNN, cut before its pooling."""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

from solobox.errors import ConfigError
from solobox.models.tiny import Tiny

# What torchvision calls the parts after (or beside) the feature map.
_NOT_TRUNK = {"avgpool", "fc", "classifier", "dropout", "AuxLogits", "aux1", "aux2"}


def build_trunk(name: str, size: int = 96) -> tuple[nn.Module, int]:
    """A trunk and its number of output channels: images (B, 3, H, W) -> (B, C, h, w).

    Args:
        name: "tiny" or a torchvision classification CNN.
        size: side of the square images it must be able to take, in pixels.

    Raises:
        ConfigError: there is no such CNN, or it shrinks images of that size to nothing.
    """
    if name == "tiny":
        return Tiny(), Tiny.channels
    trunk = _cut(_whole(name))
    try:
        with torch.no_grad():
            features = trunk.eval()(torch.zeros(1, 3, size, size))
    except RuntimeError as error:
        raise ConfigError(f"data.size={size} is too small for {name} ({error})") from error
    if features.ndim != 4:
        raise ConfigError(f"model.backbone must be a CNN; {name} gives no feature map")
    return trunk.train(), features.shape[1]


def load_weights(trunk: nn.Module, name: str, path: str | Path) -> None:
    """Load a torchvision state_dict of the whole network, leaving its classifier over.

    Raises:
        ConfigError: no such file, not a state_dict, or not one of this backbone.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ConfigError(f"model.weights: there is no file {path}") from None
    except Exception as error:
        raise ConfigError(
            f"model.weights: {path} is not a file of plain weights ({error})"
        ) from error
    if name == "tiny":
        raise ConfigError("model.weights: tiny has no pretrained weights; choose another model")
    if not isinstance(state, dict):
        raise ConfigError(f"model.weights: {path} holds a {type(state).__name__}, not a state_dict")
    whole = _whole(name)
    cut = set(_cut(whole).state_dict(keep_vars=True).values())
    wanted = {key for key, value in whole.state_dict(keep_vars=True).items() if value in cut}
    loose = whole.state_dict().keys() - wanted
    missing, unknown = sorted(wanted - state.keys()), sorted(state.keys() - wanted - loose)
    if missing or unknown:
        raise ConfigError(
            f"model.weights: {path} does not belong to {name}: {len(missing)} entries are missing "
            f"(first: {missing[:1]}), {len(unknown)} are not of this network ({unknown[:1]})"
        )
    try:
        whole.load_state_dict({k: v for k, v in state.items() if k in wanted}, strict=False)
    except RuntimeError as error:
        raise ConfigError(f"model.weights: {path} does not fit {name} ({error})") from error
    trunk.load_state_dict(_cut(whole).state_dict())


def _whole(backbone: str) -> nn.Module:
    from torchvision import models  # 3 s to import, and `tiny` does not need it

    # Transformers have no feature map, and a detector's name would start a download.
    names = [
        name
        for name in models.list_models(module=models)
        if not name.startswith(("vit_", "swin_", "maxvit"))
    ]
    if backbone not in names:
        raise ConfigError(
            f"model.backbone must be 'tiny' or one of {', '.join(names)}; found {backbone}"
        )
    extra = {"init_weights": True} if backbone in ("googlenet", "inception_v3") else {}
    return models.get_model(backbone, weights=None, **extra)


def _cut(network: nn.Module) -> nn.Module:
    features = getattr(network, "features", None)
    if isinstance(features, nn.Module):
        return features
    parts = OrderedDict((k, m) for k, m in network.named_children() if k not in _NOT_TRUNK)
    return nn.Sequential(parts)
