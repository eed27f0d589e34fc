"""Test-time augmentation: a second look at what is around the first box."""

import torch
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample

from solobox import boxes
from solobox.models.localiser import Localiser
from solobox.models.mirrored import Mirrored
from solobox.types import Prediction

AROUND = 1.6  # sides of the second look, in sides of the first box


class Zoomed(nn.Module):
    """A model that looks twice: at the whole image, and at the surroundings of the box it found.

    The second look is cut to the image and enlarged to its size. Its box is the one that counts;
    class probabilities are the mean of both looks. An object that was small or to one side is large
    and in the middle the second time, which is how crops show it in training.

    Args:
        model: asked in eval mode.
    """

    def __init__(self, model: Localiser | Mirrored) -> None:
        super().__init__()
        self.model = model

    @torch.inference_mode()
    def predict(self, images: Tensor) -> Prediction:
        """Mean class probabilities, and the second look's boxes in the whole image."""
        first = self.model.predict(images)
        window = boxes.clip(torch.cat((first.box[:, :2], AROUND * first.box[:, 2:]), dim=1))
        second = self.model.predict(cut_out(images, window))
        centre, size = window.tensor_split((2,), dim=1)
        x_y, w_h = second.box.tensor_split((2,), dim=1)
        box = torch.cat((centre + (x_y - 0.5) * size, w_h * size), dim=1)
        return Prediction((first.logits + second.logits) / 2, box)


def cut_out(images: Tensor, windows: Tensor) -> Tensor:
    """Enlarge a window of each image to the size of the image, bilinearly.

    Args:
        images: (B, C, H, W) uint8.
        windows: (B, 4), centre x, y, w, h in [0, 1], inside the image.

    Returns:
        (B, C, H, W) float32, not rounded: a window that moves by nothing changes nothing.
    """
    (x, y), (w, h) = windows[:, :2].T, windows[:, 2:].T
    nothing = torch.zeros_like(x)
    # Rows of the affine map from the window's [-1, 1] to the image's.
    across = torch.stack((w, nothing, 2 * x - 1), dim=1)
    down = torch.stack((nothing, h, 2 * y - 1), dim=1)
    grid = affine_grid(torch.stack((across, down), dim=1), list(images.shape), align_corners=False)
    return grid_sample(
        images.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
