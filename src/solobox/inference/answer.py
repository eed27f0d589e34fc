"""What a model says about one image."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """The one object of an image.

    Attributes:
        label: its class.
        probability: of that class, in [0, 1]; calibrated on the run's validation split if the
            checkpoint is a best.ckpt, and as the network says it if not.
        probabilities: of all classes; they sum to 1.
        box: left, top, right and bottom edge in pixels of the upright image.
        size: width and height of the upright image in pixels.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    box: tuple[float, float, float, float]
    size: tuple[int, int]
