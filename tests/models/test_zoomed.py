"""A second look at what is around the first box."""

import pytest
import torch
from torch import Tensor, nn

from solobox import boxes
from solobox.models.localiser import Localiser
from solobox.models.mirrored import Mirrored
from solobox.models.zoomed import AROUND, Zoomed, cut_out
from solobox.types import Prediction

TRUE = torch.tensor([[0.4, 0.45, 0.2, 0.3], [0.9, 0.5, 0.2, 0.4], [0.5, 0.5, 1.0, 1.0]])


def pictures(size: int = 80) -> Tensor:
    """White rectangles at TRUE on black."""
    edges = (boxes.to_corners(TRUE) * size).round().int().tolist()
    images = torch.zeros(len(TRUE), 3, size, size, dtype=torch.uint8)
    for image, (x1, y1, x2, y2) in zip(images, edges, strict=True):
        image[:, y1:y2, x1:x2] = 255
    return images


class Rough(nn.Module):
    """Finds what is white, but a twentieth of the image too far right and too wide."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Tensor] = []

    def predict(self, images: Tensor) -> Prediction:
        self.asked.append(images)
        white = images[:, 0] > 127
        side = white.shape[-1]
        lengths = torch.stack((white.any(1).sum(1), white.any(2).sum(1)), dim=1) / side
        places = torch.arange(side) + 0.5
        x = (white.any(1) * places).sum(1) / white.any(1).sum(1) / side
        y = (white.any(2) * places).sum(1) / white.any(2).sum(1) / side
        box = torch.stack((x + 0.05, y, lengths[:, 0] + 0.05, lengths[:, 1]), dim=1)
        share = torch.full((len(images), 2), 1.0 if len(self.asked) == 1 else 0.5)
        return Prediction(share * torch.tensor([0.8, 0.2]), boxes.clip(box))


def test_errors_shrink_with_the_window() -> None:
    model = Rough()
    first, second = Rough().predict(pictures()), Zoomed(model).predict(pictures())  # type: ignore[arg-type]
    before, after = boxes.iou(first.box, TRUE), boxes.iou(second.box, TRUE)
    assert (after[:2] > before[:2] + 0.05).all()
    # An object that fills the image is looked at as it was.
    torch.testing.assert_close(second.box[2], first.box[2])
    assert len(model.asked) == 2
    torch.testing.assert_close(model.asked[1][2], pictures()[2].float())


def test_class_is_the_mean_of_both_looks() -> None:
    said = Zoomed(Rough()).predict(pictures())  # type: ignore[arg-type]
    torch.testing.assert_close(said.logits, torch.tensor([[0.6, 0.15]]).expand(3, 2))


def test_window_is_cut_out_exactly_where_pixels_fall_on_pixels() -> None:
    images = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8)
    windows = torch.tensor([[0.5, 0.5, 1.0, 1.0], [0.5, 0.5, 1.0, 1.0]])
    assert torch.equal(cut_out(images, windows), images.float())
    flat = images.clone()
    flat[:] = flat[:, :, :1, :1]
    inside = torch.tensor([[0.3, 0.6, 0.2, 0.4]] * 2)
    torch.testing.assert_close(cut_out(flat, inside), flat.float())


def test_the_first_box_fills_its_part_of_the_second_look() -> None:
    model = Rough()
    Zoomed(model).predict(pictures())  # type: ignore[arg-type]
    white = (model.asked[1][0, 0] > 127).float().mean().item()
    found = (0.2 + 0.05) * 0.3  # Rough's box of the first picture, of which .2 x .3 is white
    assert white == pytest.approx(0.2 * 0.3 / found / AROUND**2, abs=0.02)


@pytest.mark.parametrize("channels", [1, 3])
def test_works_with_mirror_images_and_grey(channels: int) -> None:
    class Map(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            middle = torch.tensor([0.0, 0.0, 0.6, 0.4, 0.5, 0.5])
            return middle.expand(len(features), 6)

    model = Localiser(nn.Identity(), Map(), classes=["a", "b"], size=16, channels=channels).eval()
    images = torch.randint(0, 256, (2, channels, 16, 16), dtype=torch.uint8)
    said = Zoomed(Mirrored(model)).predict(images)
    assert said.box.shape == (2, 4)
    # Mirrored: x .5. First box (.5, .4, .5, .5), window 1.6 times it, cut at the top.
    window = boxes.clip(torch.tensor([0.5, 0.4, 0.8, 0.8]))
    expected = torch.tensor([0.5, float(window[1] + (0.4 - 0.5) * window[3]), 0.4, 0.4])
    torch.testing.assert_close(said.box[0], expected)
