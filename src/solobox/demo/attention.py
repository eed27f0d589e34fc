"""Where the head of a model looks in an image, taken from the very pass that finds the box."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from solobox.data.canvas import Canvas
from solobox.inference.answer import Answer
from solobox.inference.predictor import Predictor
from solobox.models.attention import attend
from solobox.models.heads.class_specific import ClassSpecific
from solobox.models.heads.decoupled import Decoupled
from solobox.models.heads.soft_argmax import SoftArgmax
from solobox.models.heads.voting import Voting

Floats = NDArray[np.float32]


def scores_of(head: nn.Module) -> tuple[nn.Module, float] | None:
    """The layer whose softmax places the box, and its temperature; None: this head has none."""
    if isinstance(head, SoftArgmax | ClassSpecific):
        return head.attention, head.temperature
    if isinstance(head, Decoupled):
        return head.box_attention, head.temperature
    if isinstance(head, Voting):
        return head.box_attention, 1.0
    return None


def look(predictor: Predictor, image: NDArray[np.uint8]) -> tuple[Answer, Floats | None]:
    """What a model says about an image, and where it looked to say it.

    A model that is asked about the mirror image, too, has looked at both: their mean, as of the
    boxes. Of one that looks twice this is the first look, at the whole image.

    Args:
        predictor: is asked once.
        image: (H, W, 3) RGB, upright.

    Returns:
        The answer, and the attention of each cell (h, w) of the canvas, which sums to 1; None for
        a head without attention.
    """
    scores = scores_of(predictor.model.head)
    if scores is None:
        return predictor.predict(image), None
    layer, temperature = scores
    passes: list[Tensor] = []
    hook = layer.register_forward_hook(lambda *call: passes.append(call[-1]))
    try:
        answer = predictor.predict(image)
    finally:
        hook.remove()
    whole = passes[:2] if predictor.trained.config["evaluate"]["flip"] else passes[:1]
    looks = [attend(p / temperature)[0].view_as(p)[0] for p in whole]
    if len(looks) == 2:
        looks[1] = looks[1].flip(-1)
    maps = torch.stack(looks).mean(0)  # one, or one a class
    k = predictor.classes.index(answer.label) if len(maps) > 1 else 0
    return answer, maps[k].cpu().numpy()


def on_image(attention: Floats, canvas: Canvas, size: tuple[int, int]) -> Floats:
    """Attention (h, w) of the canvas's cells as a map of an image's pixels.

    Args:
        attention: of the cells of the whole canvas, its border included.
        canvas: that the image was drawn on.
        size: width and height of the image in pixels.

    Returns:
        (height, width), bilinear between the cells' centres, in the units of `attention`.
    """
    left, top, width, height = canvas.place(np.array([size]))[0] / canvas.side
    rows, columns = attention.shape
    part = (left * columns, top * rows, (left + width) * columns, (top + height) * rows)
    cells = Image.fromarray(attention)
    return np.asarray(cells.resize(size, Image.Resampling.BILINEAR, box=part))
