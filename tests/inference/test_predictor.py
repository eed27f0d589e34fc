"""What a predictor does with images that are not square."""

import numpy as np
import torch
from PIL import Image

from solobox.data.canvas import BORDER
from solobox.engine.load import Trained
from solobox.inference.predictor import Predictor
from solobox.models import build


def predictor(resize: str) -> Predictor:
    description = {
        "backbone": "tiny", "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["cat", "dog", "fox"], "size": 32, "resize": resize, "channels": 3,
        "fine": False,
    }  # fmt: skip
    model = build(description).eval()
    return Predictor(
        Trained(model, {"config": {"evaluate": {"flip": True}}, "temperature": 2.0}), "cpu"
    )


def test_letterbox_is_the_image_in_the_middle_of_a_border() -> None:
    wide = np.random.default_rng(0).integers(0, 256, (40, 64, 3), np.uint8)
    square = np.full((64, 64, 3), BORDER, np.uint8)
    square[12:52] = wide
    torch.manual_seed(1)
    asked = predictor("letterbox")
    inside, whole = asked.predict(wide), asked.predict(square)
    assert inside.probabilities == whole.probabilities
    left, top, right, bottom = whole.box
    expected = (left, max(0, top - 12), right, min(40, bottom - 12))
    assert np.allclose(inside.box, expected, atol=1e-4)


def test_the_way_a_run_was_judged_is_the_way_it_is_asked() -> None:
    """A mirror image has the mirrored box, since both are asked."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8))
    asked = predictor("squash")
    plain = asked.predict(picture)
    mirror = asked.predict(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    left, top, right, bottom = mirror.box
    assert np.allclose(plain.box, (70 - right, top, 70 - left, bottom), atol=0.01)
    assert np.allclose(list(plain.probabilities.values()), list(mirror.probabilities.values()))
