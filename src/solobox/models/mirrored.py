"""Test-time augmentation: a picture and its mirror image."""

import torch
from torch import Tensor, nn

from solobox.models.localiser import Localiser
from solobox.types import Prediction


class Mirrored(nn.Module):
    """A model asked twice: the mean of what it says about an image and about its mirror image.

    Args:
        model: asked in eval mode.
    """

    def __init__(self, model: Localiser) -> None:
        super().__init__()
        self.model = model

    @torch.inference_mode()
    def predict(self, images: Tensor) -> Prediction:
        """Mean class probabilities and boxes; the mirror image's box is mirrored back first."""
        plain, mirror = self.model.predict(images), self.model.predict(images.flip(-1))
        x, rest = mirror.box.tensor_split((1,), dim=1)
        back = torch.cat((1 - x, rest), dim=1)
        return Prediction((plain.logits + mirror.logits) / 2, (plain.box + back) / 2)
