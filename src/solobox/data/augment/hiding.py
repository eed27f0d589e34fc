"""Steps that hide something: blur, erase."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solobox.data.augment.library import A, cv2
from solobox.data.canvas import BORDER

Image = NDArray[np.uint8]
Pair = NDArray[np.int64]  # x, y in pixels


class Blur(A.ImageOnlyTransform):
    """Softens by a Gaussian, as a lens out of focus does."""

    def __init__(self, most: float) -> None:
        super().__init__(p=0.5)
        self.most = most / 100

    def apply(self, img: Image, **_: Any) -> Any:
        deviation = self.py_random.random() * self.most * len(img)
        return cv2.GaussianBlur(img, (0, 0), deviation) if deviation > 0.2 else img


class Erase(A.ImageOnlyTransform):
    """Paints a rectangle whose area is at most a part of the box: so much of it it hides at most.

    It may lie anywhere: were it always on the object, it would tell where that is.
    """

    def __init__(self, most: float) -> None:
        super().__init__(p=0.5)
        self.most = most

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        draw, side = self.py_random, params["shape"][0]
        root, wide = (draw.random() * self.most) ** 0.5, 2 ** draw.uniform(-0.5, 0.5)
        size = (2 * data["ellipse"][1] * side * root * (wide, 1 / wide)).astype(int)
        low = (draw.random(), draw.random()) * (side - size)
        return {"low": low.astype(int), "size": size}

    def apply(self, img: Image, low: Pair, size: Pair, **_: Any) -> Image:
        (x, y), (width, height) = low, size
        img = img.copy()
        img[y : y + height, x : x + width] = BORDER
        return img
