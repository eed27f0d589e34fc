"""The nouns that cross rooms."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Batch(NamedTuple):
    """A batch of images, each with its one object.

    Attributes:
        images: (B, 3, H, W) uint8.
        labels: (B,) int64, 0 for C1.
        boxes: (B, 4) float32, centre x, y, w, h in [0, 1] of the image.
        indices: (B,) int64, positions in the split.
    """

    images: Tensor
    labels: Tensor
    boxes: Tensor
    indices: Tensor


class Prediction(NamedTuple):
    """The K + 4 outputs of a model, named.

    Attributes:
        logits: (B, K) float32, one raw score a class.
        box: (B, 4) float32, centre x, y, w, h, already decoded; 0 < w, h.
    """

    logits: Tensor
    box: Tensor

    @classmethod
    def of(cls, outputs: Tensor) -> "Prediction":
        """Split outputs (B, K + 4), laid out C1 .. CK, x, y, w, h."""
        return cls(outputs[:, :-4], outputs[:, -4:])


class LossParts(NamedTuple):
    """What an objective computed for one batch, the parts of all processes that share it.

    Attributes:
        total: () the number that is minimised.
        classification: (B,) one value a sample, before reduction.
        localisation: (B,) one value a sample, before reduction.
        sample_weights: (B,) which samples count; detached, >= 0, sums to 1.
    """

    total: Tensor
    classification: Tensor
    localisation: Tensor
    sample_weights: Tensor


@dataclass(frozen=True)
class TrainStats:
    """What a loss or a head may know about what training shows; computed once.

    Attributes:
        counts: images per class, K numbers; equal if the classes are drawn equally often.
        mean_box: mean centre x, y, w, h in [0, 1].
        n: number of training images.
    """

    counts: tuple[int, ...]
    mean_box: tuple[float, float, float, float]
    n: int
