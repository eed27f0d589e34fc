"""Augmentation that can never lose, hide or invalidate the one object.

The one file that imports albumentations. Each step below keeps the whole box inside the picture by
construction: flips, crops around the box, and changes of colour.
"""

import os
import warnings

import numpy as np
from numpy.typing import NDArray

from solobox.errors import ConfigError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for news


class Augment:
    """Random changes of one image and its box, a function of the seed it is given.

    Args:
        flip: probability of a horizontal flip.
        crop: probability of a crop that keeps the whole box, scaled back to the full size.
        colour: strength of brightness, contrast and saturation changes, in [0, 1); applied to
            four images of five.
        grey: probability of losing all colour.

    Raises:
        ConfigError: a number outside its range.
    """

    def __init__(
        self, *, flip: float = 0.0, crop: float = 0.0, colour: float = 0.0, grey: float = 0.0
    ) -> None:
        for name, value in (("flip", flip), ("crop", crop), ("colour", colour), ("grey", grey)):
            if not 0 <= value <= 1 or (name == "colour" and value == 1):
                raise ConfigError(f"augment.{name} must be in [0, 1]; found {value}")
        self.flip, self.crop, self.colour, self.grey = flip, crop, colour, grey
        self._pipelines: dict[int, object] = {}

    @property
    def changes_nothing(self) -> bool:
        """True when every image would come back as it is."""
        return not (self.flip or self.crop or self.colour or self.grey)

    def __call__(
        self, image: NDArray[np.uint8], box: NDArray[np.float32], seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Augment an image (side, side, 3) and its box (4,), centre form in [0, 1]."""
        side = image.shape[0]
        if side not in self._pipelines:
            self._pipelines[side] = self._build(side)
        pipeline = self._pipelines[side]
        pipeline.set_random_seed(seed)  # type: ignore[attr-defined]
        x, y, w, h = (float(v) for v in box)
        corners = np.array([[x - w / 2, y - h / 2, x + w / 2, y + h / 2]]).clip(0, 1)
        result = pipeline(image=image, bboxes=corners)  # type: ignore[operator]
        if len(result["bboxes"]) != 1:
            raise RuntimeError(f"augmentation lost the box {box.tolist()}; this is a bug")
        x1, y1, x2, y2 = (float(v) for v in result["bboxes"][0][:4])
        moved = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1], np.float32)
        return result["image"], moved

    def _build(self, side: int) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its notices about its own successor
            import albumentations as A

        crop = A.RandomSizedBBoxSafeCrop(height=side, width=side, erosion_rate=0.0, p=self.crop)
        colour = A.ColorJitter(
            brightness=self.colour,
            contrast=self.colour,
            saturation=self.colour,
            hue=0,
            p=0.8 if self.colour else 0.0,
        )
        return A.Compose(
            [crop, A.HorizontalFlip(p=self.flip), colour, A.ToGray(p=self.grey)],
            bbox_params=A.BboxParams(format="albumentations", label_fields=[]),
        )
