"""A model: trunk (feature map), head (K + 4 outputs), decode (box), put together in Localiser.

`build(description)` makes a model from plain data alone. Training, evaluation and export all use
it, so what a checkpoint describes is what was trained.
"""

from typing import Any

from solobox.errors import ConfigError
from solobox.models.backbone import build_trunk
from solobox.models.localiser import Localiser
from solobox.stems import class_of


def build(description: dict[str, Any]) -> Localiser:
    """Build an untrained model.

    Args:
        description: plain data with the keys
            backbone: "tiny", "small" or a torchvision classification model's name;
            head, decode: {"name": one of the files in heads/ and decode/, **its parameters};
            classes: list of K class names, C1 first;
            size: side of the square input in pixels;
            resize: "squash" or "letterbox": how images become such squares;
            channels: 3, or 1 for a trunk that sees grey only;
            fine: whether the trunk's last halving is left out.

    Raises:
        ConfigError: a name that does not exist, or a parameter that is out of range.
    """
    trunk, channels = build_trunk(
        description["backbone"],
        description["size"],
        description["channels"],
        description["fine"],
    )
    decode = _part("decode", description["decode"])
    head = _part(
        "heads",
        description["head"],
        in_channels=channels,
        num_classes=len(description["classes"]),
        decode=decode,
    )
    return Localiser(
        trunk,
        head,
        classes=description["classes"],
        size=description["size"],
        resize=description["resize"],
        channels=description["channels"],
    )


def _part(kind: str, settings: dict[str, Any], **given: Any) -> Any:
    """Build a head or a decode by its name."""
    parameters = {key: value for key, value in settings.items() if key != "name"}
    try:
        return class_of(f"{__name__}.{kind}", settings["name"])(**given, **parameters)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model/{kind.removesuffix('s')}: {error}") from error
