import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from solobox.data.canvas import BORDER, Canvas
from solobox.errors import ConfigError

SIZES = st.tuples(st.integers(1, 5000), st.integers(1, 5000))


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels)


def test_squash_is_what_pillow_scales_to_a_square() -> None:
    image = noise(50, 20)
    expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR))
    assert np.array_equal(Canvas(16).draw(image), expected)


@pytest.mark.parametrize("size", [(50, 20), (300, 200), (7, 9), (160, 160)])
def test_squash_is_torchs_antialiased_bilinear_interpolation_which_a_graph_can_hold(
    size: tuple[int, int],
) -> None:
    image = noise(*size)
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float()
    scaled = torch.nn.functional.interpolate(
        pixels, (32, 32), mode="bilinear", antialias=True, align_corners=False
    )
    drawn = torch.from_numpy(Canvas(32).draw(image).copy()).permute(2, 0, 1)
    assert (scaled[0] - drawn).abs().max() <= 1.01  # Pillow rounds after each of the two axes


@pytest.mark.parametrize("size", [(50, 20), (20, 50), (1, 999), (16, 16)])
def test_letterbox_keeps_the_aspect_ratio_in_the_middle_of_a_border(size: tuple[int, int]) -> None:
    canvas, image = Canvas(16, "letterbox"), Image.new("RGB", size, (255, 0, 0))
    drawn = canvas.draw(image)
    assert drawn.shape == (16, 16, 3)
    rows, columns = np.nonzero((drawn != np.array(BORDER)).any(-1))
    width, height = columns.max() - columns.min() + 1, rows.max() - rows.min() + 1
    assert max(width, height) == 16
    assert min(width, height) == max(1, round(16 * min(size) / max(size)))
    assert abs((16 - 1 - columns.max()) - columns.min()) <= 1
    assert abs((16 - 1 - rows.max()) - rows.min()) <= 1


@given(
    size=SIZES,
    box=st.tuples(*[st.floats(0, 1)] * 4),
    resize=st.sampled_from(["squash", "letterbox"]),
)
def test_boxes_come_back_from_the_canvas(
    size: tuple[int, int], box: tuple[float, ...], resize: str
) -> None:
    canvas, sizes, boxes = Canvas(160, resize), np.array([size]), np.array([box])
    there = canvas.from_image(boxes, sizes)
    assert there.min() >= 0 and there.max() <= 1
    assert np.allclose(canvas.to_image(there, sizes), boxes, atol=1e-12)


def test_a_box_on_the_canvas_is_where_the_object_is_drawn() -> None:
    image = Image.new("RGB", (80, 40))
    image.paste((255, 255, 255), (20, 10, 60, 30))  # centre .5, .5; half the width and height
    canvas, sizes = Canvas(40, "letterbox"), np.array([(80, 40)])
    (x, y, w, h) = 40 * canvas.from_image(np.array([(0.5, 0.5, 0.5, 0.5)]), sizes)[0]
    assert (x, y, w, h) == (20, 20, 20, 10)
    drawn = canvas.draw(image)[..., 0]
    assert drawn[15:25, 10:30].mean() > 240
    assert drawn[10:30].mean() < drawn[15:25].mean()


def test_squashed_boxes_keep_their_bits() -> None:
    boxes = np.random.default_rng(0).random((100, 4))
    sizes = np.full((100, 2), (123, 457))
    canvas = Canvas(96)
    assert np.array_equal(canvas.from_image(boxes, sizes), boxes)
    assert np.array_equal(canvas.to_image(boxes, sizes), boxes)


@pytest.mark.parametrize("side", [0, -8, 7])
def test_a_side_without_pixels_is_refused(side: int) -> None:
    with pytest.raises(ConfigError, match=r"data\.size must be >= 8"):
        Canvas(side)


def test_another_resize_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"squash, letterbox; found 'crop'"):
        Canvas(8, "crop")
