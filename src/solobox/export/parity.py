"""Whether an exported file says what the checkpoint says."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from solobox.errors import ExportError
from solobox.inference.answer import Answer
from solobox.inference.predictor import Predictor

MOST = 0.5  # pixels by which an edge may differ
# Images (N, H, W, 3) to probabilities (N, K) and boxes (N, 4).
Exported = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]


def differences(
    predictor: Predictor, exported: Exported, images: Iterable[NDArray[np.uint8]]
) -> tuple[int, int, float]:
    """Ask both about the same images, one at a time.

    Returns:
        How many images there were, how many got another class, and the largest distance of an
        edge in pixels.
    """
    count, other, worst = 0, 0, 0.0
    for image in images:
        answer: Answer = predictor.predict(image)
        probabilities, boxes = exported(image[None])
        count += 1
        other += predictor.classes[int(probabilities[0].argmax())] != answer.label
        worst = max(worst, float(np.abs(boxes[0] - np.array(answer.box)).max()))
    return count, other, worst


def sentence(count: int, other: int, worst: float) -> str:
    """What was compared, in words."""
    classes = "the same class on all" if not other else f"another class on {other}"
    return f"{count} images: {classes}, edges at most {worst:.2f} px apart"


def check(count: int, other: int, worst: float) -> None:
    """Refuse a file that does not say what the checkpoint says.

    Raises:
        ExportError: no image, another class on one, or an edge more than half a pixel away.
    """
    if not count:
        raise ExportError(
            "there is no image to compare the exported file on, and it was not kept; name some "
            "with --images"
        )
    if other or worst > MOST:
        raise ExportError(
            f"the exported file differs from the checkpoint ({sentence(count, other, worst)}); "
            f"it was not kept"
        )
