"""Scaling inside an exported graph."""

import numpy as np
import pytest
import torch
from PIL import Image

from solobox.data.canvas import Canvas
from solobox.engine.load import Trained
from solobox.export.graph import Graph
from solobox.inference.predictor import Predictor
from solobox.models import build

# Wide, tall, small, a line, the canvas itself, and some that are none of these.
SIZES = [
    (40, 60),
    (333, 7),
    (7, 333),
    (1, 9),
    (64, 64),
    (320, 204),
    (64, 31),
    (129, 128),
    (700, 90),
]


def predictor(resize: str, *, flip: bool = False, zoom: bool = False) -> Predictor:
    description = {
        "backbone": "tiny", "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["cat", "dog", "fox"], "size": 64, "resize": resize, "channels": 3,
        "fine": False,
    }  # fmt: skip
    about = {"config": {"evaluate": {"flip": flip, "zoom": zoom}}, "temperature": 2.0}
    return Predictor(Trained(build(description).eval(), about), "cpu")


class Spy(torch.nn.Module):
    """Keeps the canvas that a graph shows its model."""

    def __init__(self, asked: torch.nn.Module) -> None:
        super().__init__()
        self.asked = asked

    def predict(self, images: torch.Tensor) -> object:
        self.seen = images
        return self.asked.predict(images)


@pytest.mark.parametrize("resize", ["squash", "letterbox"])
@pytest.mark.parametrize("size", SIZES)
def test_the_canvas_is_that_of_training_to_the_bit(resize: str, size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    graph = Graph(predictor(resize))
    spy = graph.asked = Spy(graph.asked)
    graph(torch.from_numpy(image)[None])
    seen = spy.seen[0].permute(1, 2, 0).numpy()
    assert seen.dtype == np.uint8
    assert np.array_equal(seen, Canvas(64, resize).draw(Image.fromarray(image)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("how", [{}, {"flip": True, "zoom": True}])
def test_says_what_the_predictor_says(size: tuple[int, int], how: dict[str, bool]) -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, *size, 3), np.uint8)
    asked = predictor("letterbox", **how)
    probabilities, boxes = Graph(asked)(torch.from_numpy(images))
    for image, said, box in zip(images, probabilities, boxes, strict=True):
        answer = asked.predict(image)
        assert said.tolist() == pytest.approx(list(answer.probabilities.values()), abs=1e-5)
        assert box.tolist() == pytest.approx(answer.box, abs=1e-3 * max(size))
