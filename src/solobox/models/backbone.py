"""Trunks by name: our own, and every torchvision classification CNN cut before its pooling."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from solobox.errors import ConfigError
from solobox.models.small import Small
from solobox.models.tiny import Tiny

OWN = {"tiny": Tiny, "small": Small}

# What torchvision calls the parts after (or beside) the feature map.
_NOT_TRUNK = {"avgpool", "fc", "classifier", "dropout", "AuxLogits", "aux1", "aux2"}


def build_trunk(
    name: str, size: int = 96, channels: int = 3, fine: bool = False
) -> tuple[nn.Module, int]:
    """A trunk and its number of output channels: images (B, channels, H, W) -> (B, C, h, w).

    Args:
        name: "tiny", "small" or a torchvision classification CNN.
        size: side of the square images it must be able to take, in pixels.
        channels: of the images, 3 or 1.
        fine: leave out the last halving; see `refine`.

    Raises:
        ConfigError: there is no such CNN, it shrinks images of that size to nothing, or channels
            is another number.
    """
    if channels not in (1, 3):
        raise ConfigError(f"model.channels must be 3 (colour) or 1 (grey); found {channels!r}")
    trunk = OWN[name]() if name in OWN else cut(whole(name))
    if channels == 1:
        see_grey(trunk)
    if fine:
        refine(trunk)
    try:
        with torch.no_grad():
            features = trunk.eval()(torch.zeros(1, channels, size, size))
    except RuntimeError as error:
        reason = f"model.fine=true does not suit {name}, or " if fine else ""
        raise ConfigError(f"{reason}data.size={size} is too small for {name} ({error})") from error
    if features.ndim != 4:
        raise ConfigError(f"model.backbone must be a CNN; {name} gives no feature map")
    return trunk.train(), features.shape[1]


def parts(trunk: nn.Module) -> list[nn.Module]:
    """The parts of a trunk that have weights, first to last: what can be frozen one by one."""
    return [child for child in _children(trunk) if any(True for _ in child.parameters())]


def refine(trunk: nn.Module) -> None:
    """Leave out the last halving of a trunk, so that its map is twice as fine.

    The same weights fit, and what they find is where it was; the layers after it cost four times
    as much.
    """
    strided = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
    for child in reversed(_children(trunk)):
        halving = [m for m in child.modules() if isinstance(m, strided) and m.stride in (2, (2, 2))]
        for layer in halving:
            layer.stride = (1, 1)
        if halving:
            return


def see_grey(trunk: nn.Module) -> None:
    """Give the first convolution one input: the sum of its filters over the three colours.

    On a grey picture, whose colours are equal, that is what the filters said before, up to the
    colours' different statistics.
    """
    first = next(module for module in trunk.modules() if isinstance(module, nn.Conv2d))
    first.weight = nn.Parameter(first.weight.detach().sum(1, keepdim=True))
    first.in_channels = 1


def whole(backbone: str) -> nn.Module:
    """A torchvision classification CNN as it is, with new weights.

    Raises:
        ConfigError: there is no such CNN; names those there are.
    """
    from torchvision import models  # 3 s to import, and our own do not need it

    # Transformers have no feature map, and a detector's name would start a download.
    names = [
        name
        for name in models.list_models(module=models)
        if not name.startswith(("vit_", "swin_", "maxvit"))
    ]
    if backbone not in names:
        raise ConfigError(
            f"model.backbone must be one of {', '.join([*OWN, *names])}; found {backbone}"
        )
    extra = {"init_weights": True} if backbone in ("googlenet", "inception_v3") else {}
    return models.get_model(backbone, weights=None, **extra)


def cut(network: nn.Module) -> nn.Module:
    """The part of a network before its pooling; it shares its weights."""
    features = getattr(network, "features", None)
    if isinstance(features, nn.Module):
        return features
    children = OrderedDict((k, m) for k, m in network.named_children() if k not in _NOT_TRUNK)
    if hasattr(network, "transform_input"):
        children["statistics"] = _Half()
        children.move_to_end("statistics", last=False)
    return nn.Sequential(children)


def _children(trunk: nn.Module) -> list[nn.Module]:
    """What a trunk consists of, first to last, out of whatever it is wrapped in."""
    children = list(trunk.children())
    while len(children) == 1:
        children = list(children[0].children())
    return children


class _Half(nn.Module):
    """From ImageNet's statistics to mean .5 and deviation .5, which two Inceptions expect."""

    def forward(self, images: Tensor) -> Tensor:
        mean = images.new_tensor([0.485, 0.456, 0.406])
        std = images.new_tensor([0.229, 0.224, 0.225])
        if images.shape[1] == 1:
            mean, std = mean.mean(0, keepdim=True), std.mean(0, keepdim=True)
        return images * (std / 0.5).view(-1, 1, 1) + ((mean - 0.5) / 0.5).view(-1, 1, 1)
