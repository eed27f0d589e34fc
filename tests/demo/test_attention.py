"""Where a head looks: the map that is shown is the one that placed the box."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from solobox.data.canvas import Canvas
from solobox.demo.attention import look, on_image
from solobox.engine.load import Trained
from solobox.inference.predictor import Predictor
from solobox.models import build

SIDE = 64


def predictor(head: str, resize: str, *, flip: bool = False) -> Predictor:
    """A model that looks at single places, and whose boxes are too small to be cut."""
    description = {
        "backbone": "tiny", "head": {"name": head}, "decode": {"name": "sigmoid"},
        "classes": ["cat", "dog", "fox"], "size": SIDE, "resize": resize, "channels": 3,
        "fine": False,
    }  # fmt: skip
    torch.manual_seed(1)
    model = build(description).eval()
    for name, values in model.head.named_parameters():
        if "attention" in name or name == "boxes.weight":
            torch.nn.init.normal_(values, std=2.0)
    with torch.no_grad():
        for name, values in model.head.named_parameters():
            if name in ("linear.bias", "size.bias"):
                values[-2:] = -6  # w and h of .002
            if name == "bias":
                values[:, 1:] = -6
    about = {"config": {"evaluate": {"flip": flip, "zoom": False}}, "temperature": 1.0}
    return Predictor(Trained(model, about), "cpu")


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """Noise, with one bright corner to look at, twice as wide as high."""
    pixels = np.random.default_rng(0).integers(0, 90, (60, 120, 3), np.uint8)
    pixels[5:25, 70:105] += 160
    return pixels


def middle(amount: NDArray[np.floating]) -> NDArray[np.floating]:
    """Centroid x, y of a map in fractions of it."""
    rows, columns = amount.shape
    x, y = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    return np.array([(amount.sum(0) * x).sum(), (amount.sum(1) * y).sum()]) / amount.sum()


@pytest.mark.parametrize("resize", ["squash", "letterbox"])
@pytest.mark.parametrize(
    ("head", "flip"),  # of class_specific the mirror image may show the box of another class
    [
        ("soft_argmax", False),
        ("soft_argmax", True),
        ("decoupled", False),
        ("decoupled", True),
        ("class_specific", False),
    ],
)
def test_centroid_of_the_map_is_the_centre_of_the_box(
    photo: NDArray[np.uint8], head: str, resize: str, flip: bool
) -> None:
    asked = predictor(head, resize, flip=flip)
    answer, attention = look(asked, photo)
    assert answer == asked.predict(photo)
    assert attention is not None and attention.sum() == pytest.approx(1, abs=1e-5)
    assert attention.max() > 3 * attention.mean()  # it does look somewhere
    size = np.array([answer.size])
    centre = asked.canvas.to_image(np.array([[*middle(attention), 0, 0]]), size)[0, :2] * size[0]
    left, top, right, bottom = answer.box
    assert centre == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=0.05)


@pytest.mark.parametrize("resize", ["squash", "letterbox"])
@pytest.mark.parametrize("size", [(120, 60), (60, 120), (200, 199)])
def test_a_cell_comes_to_lie_where_its_part_of_the_image_is(
    resize: str, size: tuple[int, int]
) -> None:
    canvas = Canvas(SIDE, resize)
    cells = np.zeros((8, 8), np.float32)
    cells[3, 4] = 1  # in the image whatever its shape
    expected = canvas.to_image(np.array([[4.5 / 8, 3.5 / 8, 0, 0]]), np.array([size]))[0, :2]
    amount = on_image(cells, canvas, size)
    assert amount.shape == size[::-1]
    assert middle(amount) * size == pytest.approx(expected * size, abs=0.5)


def test_voting_shows_whose_word_counts(photo: NDArray[np.uint8]) -> None:
    _, attention = look(predictor("voting", "squash"), photo)
    assert attention is not None and attention.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("head", ["linear", "flatten", "mlp"])
def test_a_head_without_attention_offers_none(photo: NDArray[np.uint8], head: str) -> None:
    asked = predictor(head, "squash")
    assert look(asked, photo) == (asked.predict(photo), None)


def test_nothing_stays_behind_on_the_model(photo: NDArray[np.uint8]) -> None:
    asked = predictor("soft_argmax", "squash")
    first, second = look(asked, photo)[1], look(asked, photo)[1]
    assert np.array_equal(first, second)
    assert not any(layer._forward_hooks for layer in asked.model.modules())
