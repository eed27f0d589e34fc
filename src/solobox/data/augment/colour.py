"""Brightness, contrast, saturation and hue as one matrix, so that what saturates does so once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solobox.data.augment.library import A, cv2

Floats = NDArray[np.float64]
YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
RGB = np.linalg.inv(YIQ)


class Recolour(A.ImageOnlyTransform):
    """Changes all colours of an image alike: one matrix and one rounding, whatever is drawn."""

    def __init__(self, colour: float, hue: float, grey: float) -> None:
        super().__init__(p=1.0)
        self.colour, self.hue, self.grey = 1 + colour, np.deg2rad(hue), grey

    def apply(self, img: NDArray[np.uint8], **_: Any) -> Any:
        draw = self.py_random
        brightness, contrast, saturation = (self.colour ** draw.uniform(-1, 1) for _ in range(3))
        turn = draw.uniform(-1, 1) * self.hue
        if draw.random() < self.grey:
            saturation = 0.0
        matrix = colour_matrix(brightness, contrast, saturation, turn, cv2.mean(img)[:3])
        return cv2.transform(img, matrix)


def colour_matrix(
    brightness: float, contrast: float, saturation: float, turn: float, mean: Any
) -> Floats:
    """Matrix (3, 4) that changes RGB by three factors and turns the hue, in radians.

    Turned and saturated about each pixel's luma, then contrasted about that of the mean colour,
    then brightened.
    """
    cos, sin = saturation * np.cos(turn), saturation * np.sin(turn)
    linear = RGB @ np.array([(1, 0, 0), (0, cos, -sin), (0, sin, cos)]) @ YIQ
    offset = (1 - contrast) * (YIQ[0] @ mean)
    return brightness * np.column_stack((contrast * linear, np.full(3, offset)))
