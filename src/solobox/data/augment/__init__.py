"""Augmentation that can never lose or invalidate the one object.

Each step is one of albumentations' transforms, moves the box as a target of its own (none of the
library's silent filtering), and draws from one stream that the seed starts. Geometry is one
resample: flip, tilt, crop and the scale to the side of the picture are multiplied first.
"""

import random

import numpy as np
from numpy.typing import NDArray

from solobox.errors import ConfigError

# How much larger than the picture a stored image is that will be cropped or tilted. A box of half
# the side and crop=0.5 leave 0.875 of the side on average: 1.15 of it is one pixel for a pixel.
# Against crops out of the photographs themselves the error is 0.7 of what 1.0 gives, for 1.32
# times the bytes; without a crop it shrinks too little for bilinear scaling to alias.
OVERSIZE = 1.15


class Augment:
    """Random changes of one image and its box: a function of the seed it is given.

    The whole box stays in the picture. Flips and crops move it exactly. A tilt moves the ellipse
    in the box, and the new box is tight around that: between too large for lean objects and too
    small for those that fill their corners (a filled square at 10 degrees: IoU 0.75 with its own
    tight box), and like an object it always fits. Corners that a tilt uncovers are filled with
    the mean colour of ImageNet: a reflection would show the object twice, and repeated pixels
    would draw it out beyond its box.

    Args:
        flip: probability of a horizontal flip.
        crop: largest part of each margin around the box that is cut off, in [0, 1].
        rotate: largest rotation either way, in degrees, <= 45.
        shear: largest angle by which the axes leave the right one, in degrees, <= 30.
        colour: brightness, contrast and saturation change by factors from 1 / (1 + colour) to
            1 + colour, in [0, 1].
        hue: largest turn of the colour circle either way, in degrees, <= 180.
        grey: probability of losing all colour.
        blur: largest standard deviation of the blur that every other picture gets, in percent of
            the side, <= 2.
        erase: largest part of the box that a rectangle hides in every other picture, <= 0.5.

    Attributes:
        changes_nothing: the pipeline is empty.
        oversize: how much larger than the picture the stored image should be; 1.0 where its
            pixels are not resampled.

    Raises:
        ConfigError: a number outside its range.

    Reference: Kalra et al., "Towards Rotation Invariance in Object Detection", ICCV 2021,
        arXiv:2109.13488, on ellipses.
    """

    def __init__(
        self,
        *,
        flip: float = 0.0,
        crop: float = 0.0,
        rotate: float = 0.0,
        shear: float = 0.0,
        colour: float = 0.0,
        hue: float = 0.0,
        grey: float = 0.0,
        blur: float = 0.0,
        erase: float = 0.0,
    ) -> None:
        for name, value, most in (
            *(("flip", flip, 1), ("crop", crop, 1), ("rotate", rotate, 45), ("shear", shear, 30)),
            *(("colour", colour, 1), ("hue", hue, 180), ("grey", grey, 1)),
            *(("blur", blur, 2), ("erase", erase, 0.5)),
        ):
            if not 0 <= value <= most:
                raise ConfigError(f"augment.{name} must be in [0, {most}]; found {value}")
        self.changes_nothing = not any((flip, crop, rotate, shear, colour, hue, grey, blur, erase))
        self.oversize = OVERSIZE if crop or rotate or shear else 1.0
        if self.changes_nothing:
            return
        # Imported here: a second that a run without augmentation need not wait for.
        from solobox.data.augment.pipeline import pipeline

        self.pipeline = pipeline(flip, crop, rotate, shear, colour, hue, grey, blur, erase)

    def __call__(
        self, image: NDArray[np.uint8], box: NDArray[np.float32], seed: int, side: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Turn an image (s, s, 3), s about oversize * side, into a picture (side, side, 3).

        Boxes (4,) are in centre form in [0, 1].
        """
        if self.oversize == 1 and len(image) != side:
            raise ValueError(
                f"expected an image of side {side}, as nothing here scales it; found {len(image)}"
            )
        if self.changes_nothing:
            return image, box
        # set_random_seed would give every step the same numbers: flips would know the colours
        self.pipeline.set_random_state(np.random.default_rng(seed), random.Random(seed))
        ellipse = box.astype(np.float64).reshape(2, 2) * ((1.0,), (0.5,))
        result = self.pipeline(image=image, ellipse=ellipse, side=side)
        centre, half = result["ellipse"]
        low, high = (centre - half).clip(0, 1), (centre + half).clip(0, 1)
        moved = np.concatenate(((low + high) / 2, high - low)).astype(np.float32)
        return result["image"], moved
