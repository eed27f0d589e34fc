"""A judged image with its true box and what was said about it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from solobox.data.images import open_upright
from solobox.data.record import FaultError
from solobox.data.synthetic import Synthetic

SIDE = 170  # pixels of a shown image's longer side
TRUE, SAID = (40, 200, 60), (230, 40, 40)
DRAWN = "synthetic/"  # what drawn images' names begin with


def picture(
    name: str, config: dict[str, Any], true: NDArray[Any], said: Sequence[NDArray[Any]]
) -> Image.Image | None:
    """An image, its true box green and the predicted ones red; None where the image is gone.

    Args:
        name: as predictions_*.csv call it.
        config: settings of a run that judged it.
        true: (4,) corners in pixels of the original image.
        said: predicted corners (4,), any number of them.
    """
    image = image_of(name, config)
    if image is None:
        return None
    scale = SIDE / max(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    ink = ImageDraw.Draw(image)
    for corners in said:
        _rectangle(ink, corners * scale, SAID, 1 if len(said) > 1 else 2)
    _rectangle(ink, true * scale, TRUE, 2)
    return image


def _rectangle(
    ink: ImageDraw.ImageDraw, corners: NDArray[Any], colour: tuple[int, int, int], width: int
) -> None:
    x1, y1, x2, y2 = corners.round().tolist()
    ink.rectangle((x1, y1, max(x1, x2), max(y1, y2)), outline=colour, width=width)


def image_of(name: str, config: dict[str, Any]) -> Image.Image | None:
    """An upright image of a run as it is, by the name its predictions_*.csv has; None: gone."""
    if name.startswith(DRAWN) and "root" not in config["data"]:  # shards do not say what drew it
        _, split, number = name.split("/")
        keys = Synthetic.__dataclass_fields__.keys() - {"cache_dir"}  # a study keeps nothing there
        source = Synthetic(**{k: v for k, v in config["data"].items() if k in keys})
        return Image.fromarray(source.split(split).images[np.array([int(number)])][0])
    return _opened(Path(name))


@lru_cache(maxsize=64)
def _opened(path: Path) -> Image.Image | None:
    try:
        return open_upright(path)
    except (OSError, FaultError):
        return None
