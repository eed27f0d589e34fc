"""The steps of an augmentation in their order."""

from solobox.data.augment.colour import Recolour
from solobox.data.augment.geometry import Flip, Warp
from solobox.data.augment.hiding import Blur, Erase
from solobox.data.augment.library import A


def pipeline(
    flip: float,
    crop: float,
    rotate: float,
    shear: float,
    colour: float,
    hue: float,
    grey: float,
    blur: float,
    erase: float,
) -> A.Compose:
    """Only what is asked for; colours first, and what hides last. Parameters are Augment's."""
    steps: list[A.BasicTransform] = []
    if colour or hue or grey:
        steps.append(Recolour(colour, hue, grey))
    if crop or rotate or shear:
        steps.append(Warp(flip, crop, rotate, shear))
    elif flip:
        steps.append(Flip(p=flip))
    if blur:
        steps.append(Blur(blur))
    if erase:
        steps.append(Erase(erase))
    return A.Compose(steps)
