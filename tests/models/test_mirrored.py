"""A picture and its mirror image."""

import torch
from torch import Tensor, nn

from solobox import boxes
from solobox.models.localiser import Localiser
from solobox.models.mirrored import Mirrored


class Brightest(nn.Module):
    """Says C1 if the brightest pixel is on the left, and puts a box of .2 x .4 there."""

    def forward(self, features: Tensor) -> Tensor:
        rows, columns = features.shape[-2:]
        place = features[:, 0].flatten(1).argmax(1)
        x = (place % columns + 0.5) / columns
        y = (place // columns + 0.5) / rows
        left = (x < 0.5).float()
        size = torch.tensor([0.2, 0.4]).expand(len(x), 2)
        return torch.cat((torch.stack((left, 1 - left, x, y), dim=1), size), dim=1)


def test_box_is_mirrored_back_and_classes_are_averaged() -> None:
    model = Localiser(nn.Identity(), Brightest(), classes=["left", "right"], size=10).eval()
    images = torch.zeros(1, 3, 10, 10, dtype=torch.uint8)
    images[0, :, 4, 2] = 255
    plain, both = model.predict(images), Mirrored(model).predict(images)
    torch.testing.assert_close(both.box, plain.box)
    torch.testing.assert_close(both.box, boxes.clip(torch.tensor([[0.25, 0.45, 0.2, 0.4]])))
    # of a picture the model says "left", of its mirror image "right"
    torch.testing.assert_close(both.logits, torch.tensor([[0.5, 0.5]]))
