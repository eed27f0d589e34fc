"""What the page shows."""

import numpy as np
import pytest
from PIL import Image

from solobox.data.canvas import Canvas
from solobox.demo.pictures import found, looked
from solobox.inference.answer import Answer

COLOURFUL = 60  # levels between the channels of what is no longer grey


def answer(size: tuple[int, int]) -> Answer:
    width, height = size
    box = (0.5 * width, 0.5 * height, 0.75 * width, 0.75 * height)
    return Answer("cat", 0.75, {"cat": 0.75, "dog": 0.25}, box, size)


@pytest.mark.parametrize(
    ("size", "shown"), [((64, 32), (640, 320)), ((900, 90), (900, 90)), ((9000, 3), (1280, 1))]
)
def test_every_size_is_brought_to_one_that_suits_a_page(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    image = Image.new("RGB", size, "grey")
    cells = np.full((4, 4), 1 / 16, np.float32)
    assert found(image, answer(size)).size == shown
    assert looked(image, answer(size), cells, Canvas(32)).size == shown


def test_colour_lies_where_the_model_looks_and_a_white_box_where_it_is() -> None:
    size = (800, 400)
    cells = np.zeros((8, 8), np.float32)
    cells[1, 1] = 1
    pixels = np.asarray(looked(Image.new("RGB", size, "grey"), answer(size), cells, Canvas(32)))
    levels = pixels.astype(int)
    coloured = levels.max(-1) - levels.min(-1) > COLOURFUL
    rows, columns = coloured.nonzero()
    assert (rows.mean(), columns.mean()) == pytest.approx((75, 150), abs=5)
    assert (pixels[200, 400:600] == 255).all() and (pixels[200:300, 400] == 255).all()
