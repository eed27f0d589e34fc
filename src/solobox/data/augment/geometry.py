"""Steps that move the object: flip, tilt, crop."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solobox.data.augment.library import A, cv2
from solobox.data.canvas import BORDER

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]


class _Moving(A.DualTransform):
    """Moves the ellipse: centre and half sides of its box (2, 2), in fractions of the image."""

    @property
    def targets(self) -> dict[str, Any]:
        return {"image": self.apply, "ellipse": self.apply_to_ellipse}

    def apply_to_ellipse(self, ellipse: Floats, **_: Any) -> Floats:
        raise NotImplementedError


class Flip(_Moving, A.HorizontalFlip):
    """A mirror image, pixel for pixel."""

    def apply_to_ellipse(self, ellipse: Floats, **_: Any) -> Floats:
        (x, y), half = ellipse
        return np.array([(1 - x, y), half])


class Warp(_Moving):
    """Flip, tilt and crop as one affine map of the unit square, and one bilinear resample."""

    def __init__(self, flip: float, crop: float, rotate: float, shear: float) -> None:
        super().__init__(p=1.0)
        self.flip, self.crop = flip, crop
        self.rotate, self.shear = np.deg2rad(rotate), np.deg2rad(shear)

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, Any]:
        draw = self.py_random
        mirror = -1 if draw.random() < self.flip else 1
        turn, lean = draw.uniform(-1, 1) * self.rotate, draw.uniform(-1, 1) * self.shear / 2
        cuts = self.crop * np.array([[draw.random(), draw.random()] for _ in range(2)])
        # Each axis turns by an angle of its own. Rows of length 1: no ellipse in the unit square
        # grows beyond it, so that a shift keeps it inside.
        a, b = turn + lean, turn - lean
        linear = np.array([(mirror * np.cos(a), -np.sin(a)), (mirror * np.sin(b), np.cos(b))])
        offset = 0.5 - linear.sum(1) / 2  # about the middle
        centre, half = _moved(data["ellipse"], linear, offset)
        inside = centre.clip(half, 1 - half)
        low = cuts[0] * (inside - half)
        size = 1 - cuts[1] * (1 - inside - half) - low
        matrix = np.column_stack((linear, offset + inside - centre - low)) / size[:, None]
        return {"matrix": matrix, "side": data["side"], "tilted": bool(a or b)}

    def apply(self, img: Image, matrix: Floats, side: int, tilted: bool, **_: Any) -> Any:
        # OpenCV puts the centre of the first pixel at 0, not at half a pixel
        linear = matrix[:, :2] * (side / len(img))
        offset = matrix[:, 2] * side + linear.sum(1) / 2 - 0.5
        return cv2.warpAffine(
            img,
            np.column_stack((linear, offset)),
            (side, side),
            flags=cv2.INTER_LINEAR,
            # a crop ends within half a pixel of the image: no trace of the border there
            borderMode=cv2.BORDER_CONSTANT if tilted else cv2.BORDER_REPLICATE,
            borderValue=BORDER,
        )

    def apply_to_ellipse(self, ellipse: Floats, **params: Any) -> Floats:
        return _moved(ellipse, params["matrix"][:, :2], params["matrix"][:, 2])


def _moved(ellipse: Floats, linear: Floats, offset: Floats) -> Floats:
    """The ellipse's box under an affine map: sqrt((M * M) @ (h * h)) are its half sides."""
    centre, half = ellipse
    return np.stack((linear @ centre + offset, np.sqrt((linear * linear) @ (half * half))))
