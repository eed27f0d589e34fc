"""What the page shows of an image: the box, and the attention laid over it."""

from dataclasses import replace

import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageDraw

from solobox.data.canvas import Canvas
from solobox.demo.attention import Floats, on_image
from solobox.inference.answer import Answer
from solobox.inference.drawing import drawn

LONGER = (640, 1280)  # pixels of a picture's longer side: a small image is enlarged
TINY = 1e-12  # of attention: none of it is in the image
OVER = 0.75  # how much the colour covers where the model looks most


def found(image: Image.Image, answer: Answer) -> Image.Image:
    """An upright RGB image with box, class and probability."""
    picture = shown(image)
    return drawn(picture, _scaled(answer, picture.size))


def looked(image: Image.Image, answer: Answer, attention: Floats, canvas: Canvas) -> Image.Image:
    """The image in grey under the attention in colour, the brighter the more; the box in white."""
    grey = np.asarray(shown(image).convert("L"), np.float32)[..., None]
    height, width = grey.shape[:2]
    amount = on_image(attention, canvas, (width, height))
    strength = amount / max(float(amount.max()), TINY)
    colours = colormaps["inferno"](strength)[..., :3] * 255
    mixed = grey + (colours - grey) * OVER * strength[..., None] ** 0.5
    picture = Image.fromarray(mixed.round().astype(np.uint8))
    left, top, right, bottom = _scaled(answer, picture.size).box
    edges = (left, top, max(left, right - 1), max(top, bottom - 1))  # the last pixel inside
    ImageDraw.Draw(picture).rectangle(edges, outline="white", width=max(width, height) // 200)
    return picture


def shown(image: Image.Image) -> Image.Image:
    """A copy in a size that suits a page."""
    longer = max(image.size)
    scale = min(max(longer, LONGER[0]), LONGER[1]) / longer
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def _scaled(answer: Answer, size: tuple[int, int]) -> Answer:
    across, down = (new / old for new, old in zip(size, answer.size, strict=True))
    left, top, right, bottom = answer.box
    return replace(
        answer, box=(left * across, top * down, right * across, bottom * down), size=size
    )
