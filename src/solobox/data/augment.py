"""Augmentation that can never lose, hide or invalidate the one object.

The one file that imports albumentations. Each step below keeps the whole box inside the picture by
construction: flips, crops around the box, changes of colour. The box travels as its two corners
(keypoints): a sixth of the time that albumentations takes for bounding boxes, and none of its
silent filtering.
"""

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solobox.errors import ConfigError

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for news
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its notices about its successor
    import albumentations as A
    from albumentations.augmentations.geometric.functional import resize

LINEAR = 1  # OpenCV's code for bilinear interpolation


class Augment:
    """Random changes of one image and its box: a function of the seed it is given.

    Args:
        flip: probability of a horizontal flip.
        crop: largest part of each margin around the box that is cut off, in [0, 1].
        colour: strength of brightness, contrast and saturation changes, in [0, 1].
        grey: probability of losing all colour.

    Raises:
        ConfigError: a number outside its range.
    """

    def __init__(
        self, *, flip: float = 0.0, crop: float = 0.0, colour: float = 0.0, grey: float = 0.0
    ) -> None:
        for name, value in (("flip", flip), ("crop", crop), ("colour", colour), ("grey", grey)):
            if not 0 <= value <= 1:
                raise ConfigError(f"augment.{name} must be in [0, 1]; found {value}")
        steps: list[A.BasicTransform] = []
        if crop:
            steps.append(_CropAround(crop))
        if flip:
            steps.append(A.HorizontalFlip(p=flip))
        if colour:
            steps.append(A.ColorJitter(colour, colour, colour, hue=0, p=0.8))
        if grey:
            steps.append(A.ToGray(p=grey))
        corners = A.KeypointParams("xy", remove_invisible=False, check_each_transform=False)
        self.changes_nothing = not steps
        self.pipeline = A.Compose([*steps, A.NoOp()], keypoint_params=corners)

    def __call__(
        self, image: NDArray[np.uint8], box: NDArray[np.float32], seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Augment an image (side, side, 3) and its box (4,), centre form in [0, 1]."""
        side = image.shape[0]
        low, high = box[:2] - box[2:] / 2, box[:2] + box[2:] / 2
        self.pipeline.set_random_seed(seed)
        result = self.pipeline(image=image, keypoints=np.stack((low, high)) * side - 0.5)
        corners = ((result["keypoints"][:, :2] + 0.5) / side).clip(0, 1)
        low, high = corners.min(0), corners.max(0)  # a flip swaps them
        moved = np.concatenate(((low + high) / 2, high - low)).astype(np.float32)
        return result["image"], moved


class _CropAround(A.DualTransform):
    """Cuts off a random part of each margin around the box and scales back to the full size.

    albumentations puts pixel centres on whole numbers, hence the halves.
    """

    def __init__(self, most: float) -> None:
        super().__init__(p=1.0)
        self.most = most

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        height, width = params["shape"][:2]
        (x1, y1), (x2, y2) = data["keypoints"][:, :2] + 0.5
        left, top, right, bottom = (self.most * self.py_random.random() for _ in range(4))
        low = int(left * x1), int(top * y1)
        high = width - int(right * (width - x2)), height - int(bottom * (height - y2))
        return {"window": (*low, *high)}

    def apply(self, img: NDArray[np.uint8], window: tuple[int, ...], **_: Any) -> Any:
        x1, y1, x2, y2 = window
        return resize(img[y1:y2, x1:x2], img.shape[:2], LINEAR)

    def apply_to_keypoints(
        self, keypoints: NDArray[np.float32], window: tuple[int, ...], **params: Any
    ) -> Any:
        x1, y1, x2, y2 = window
        height, width = params["shape"][:2]
        moved = keypoints.copy()
        moved[:, 0] = (keypoints[:, 0] + 0.5 - x1) * width / (x2 - x1) - 0.5
        moved[:, 1] = (keypoints[:, 1] + 0.5 - y1) * height / (y2 - y1) - 0.5
        return moved
