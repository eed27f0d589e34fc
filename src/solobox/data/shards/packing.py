"""An image as the bytes in a shard, and back."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def packed(image: NDArray[np.uint8], jpeg: int | None) -> bytes:
    """Bytes of an image (side, side, 3): as they are, or JPEG of a quality with whole colours."""
    if jpeg is None:
        return image.tobytes()
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=jpeg, subsampling=0)
    return file.getvalue()


def unpacked(item: bytes | memoryview, side: int, jpeg: int | None) -> NDArray[np.uint8]:
    """The image (side, side, 3) in these bytes."""
    if jpeg is None:
        return np.frombuffer(item, np.uint8).reshape(side, side, 3)
    return np.asarray(Image.open(BytesIO(item), formats=["JPEG"]))
