"""What an exported file says about itself."""

import json
from collections.abc import Mapping

from solobox import __version__
from solobox.inference.predictor import Predictor

INPUT = (
    "images: uint8 (N, height, width, 3), RGB, upright (EXIF applied), any one size; transparent "
    "parts laid on white"
)
OUTPUT = (
    "probabilities: float32 (N, K), of the classes in their order; boxes: float32 (N, 4), left, "
    "top, right and bottom edge in pixels of the image"
)


def about(predictor: Predictor, figures: Mapping[str, float]) -> dict[str, str]:
    """Classes, input, output, figures and version, as texts; lists and figures as JSON.

    Args:
        predictor: what the file is made of.
        figures: what the file is worth on the run's own images, such as val/loc_50.
    """
    return {
        "classes": json.dumps(predictor.classes, ensure_ascii=False),
        "input": INPUT,
        "output": OUTPUT,
        "metrics": json.dumps(dict(figures)),
        "solobox_version": __version__,
    }
