"""The whole model, built from plain data."""

from typing import Any

import pytest
import torch
from torch import Tensor

from solobox import boxes, models
from solobox.errors import ConfigError
from solobox.stems import stems
from solobox.types import Prediction, TrainStats

STATS = TrainStats(counts=(6, 4), mean_box=(0.55, 0.45, 0.3, 0.4), n=10)
every_head = pytest.mark.parametrize("head", stems("solobox.models.heads"))


def description(name: str = "soft_argmax", **changes: Any) -> dict[str, Any]:
    return {
        "backbone": "tiny",
        "head": {"name": name},
        "decode": {"name": "sigmoid"},
        "classes": ["ellipse", "triangle"],
        "size": 32,
        "resize": "squash",
        "channels": 3,
        "fine": False,
    } | changes


def photographs(n: int, device: torch.device, size: int = 32) -> Tensor:
    return torch.randint(256, (n, 3, size, size), dtype=torch.uint8, device=device)


def shake(head: torch.nn.Module, std: float) -> None:
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=std)


@every_head
@pytest.mark.parametrize("classes", [["a", "b"], ["a", "b", "c", "d", "e"]])
def test_outputs_are_k_scores_and_a_box(
    head: str, classes: list[str], device: torch.device
) -> None:
    model = models.build(description(head, classes=classes)).to(device)
    outputs = model(photographs(3, device))
    assert outputs.shape == (3, len(classes) + 4)
    assert outputs.dtype == torch.float32
    assert Prediction.of(outputs).logits.shape == (3, len(classes))


@every_head
def test_box_stays_in_the_image_whatever_the_weights(head: str, device: torch.device) -> None:
    model = models.build(description(head)).to(device)
    shake(model.head, 100.0)
    box = Prediction.of(model(photographs(8, device))).box
    assert ((box[:, :2] >= 0) & (box[:, :2] <= 1)).all()
    assert ((box[:, 2:] > 0) & (box[:, 2:] <= 1)).all()


def test_first_prediction_is_the_mean_training_box(device: torch.device) -> None:
    model = models.build(description("flatten")).to(device)
    model.bind(STATS, torch.zeros(2))
    logits, box = Prediction.of(model(photographs(2, device)))
    torch.testing.assert_close(box, torch.tensor([STATS.mean_box] * 2, device=device))
    assert not logits.any()


def test_first_prediction_of_soft_argmax_is_the_middle_with_the_mean_size(
    device: torch.device,
) -> None:
    model = models.build(description("soft_argmax")).to(device)
    model.bind(STATS, torch.zeros(2))
    box = Prediction.of(model(photographs(2, device))).box
    torch.testing.assert_close(box, torch.tensor([[0.5, 0.5, 0.3, 0.4]] * 2, device=device))


@every_head
def test_same_description_gives_the_same_model(head: str) -> None:
    def built() -> dict[str, Tensor]:
        torch.manual_seed(3)
        return models.build(description(head)).state_dict()

    first, second = built(), built()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_weights_fit_a_model_built_again_from_the_description(device: torch.device) -> None:
    first = models.build(description("flatten")).to(device).eval()
    first.bind(STATS, torch.zeros(2))
    shake(first.head, 0.01)
    second = models.build(description("flatten")).to(device).eval()
    second.load_state_dict(first.state_dict())
    images = photographs(2, device)
    assert torch.equal(first(images), second(images))


def test_description_is_left_as_it_was() -> None:
    given = description(head={"name": "flatten", "grid": 2})
    models.build(given)
    assert given == description(head={"name": "flatten", "grid": 2})


def test_model_knows_its_classes_and_size() -> None:
    model = models.build(description(classes=["cat", "dog"], size=96))
    assert model.classes == ("cat", "dog")
    assert model.size == 96


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"head": {"name": "linaer"}}, "did you mean 'linear'"),
        ({"decode": {"name": "sigmiod"}}, "did you mean 'sigmoid'"),
        ({"head": {"name": "flatten", "grid": 0}}, "grid must be >= 1; found 0"),
        ({"head": {"name": "flatten", "gird": 2}}, "gird"),
        ({"head": {"name": "soft_argmax", "grid": 2}}, "grid"),
        ({"backbone": "resnet19"}, "found resnet19"),
    ],
)
def test_wrong_choice_is_refused_with_what_was_found(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        models.build(description(**changes))


def test_image_is_normalised_with_the_statistics_of_imagenet(device: torch.device) -> None:
    class Seen(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images

    model = models.build(description()).to(device)
    model.trunk = Seen()
    images = torch.tensor([255, 0, 128], dtype=torch.uint8, device=device).view(1, 3, 1, 1)
    before = images.clone()
    # torchvision's presets: mean (.485, .456, .406) and std (.229, .224, .225) of [0, 1]
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (128 / 255 - 0.406) / 0.225]
    assert model.features(images).flatten().tolist() == pytest.approx(expected, rel=1e-4)
    assert torch.equal(images, before)


@every_head
def test_outputs_stay_float32_under_bfloat16(head: str, device: torch.device) -> None:
    model = models.build(description(head)).to(device)
    shake(model.head, 0.1)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        features = model.features(photographs(2, device))
        outputs = model(photographs(2, device))
    assert torch.equal(features, features.bfloat16().float()), "the trunk ran in float32"
    assert features.dtype == torch.float32, "gradients are measured there"
    assert outputs.dtype == torch.float32
    assert not torch.equal(outputs, outputs.bfloat16().float()), "the head ran in bfloat16"


@every_head
def test_predict_gives_probabilities_and_a_box_cut_to_the_image(
    head: str, device: torch.device
) -> None:
    model = models.build(description(head)).to(device).eval()
    shake(model.head, 1.0)
    probabilities, box = model.predict(photographs(8, device))
    torch.testing.assert_close(probabilities.sum(-1), torch.ones(8, device=device))
    corners = boxes.to_corners(box)
    assert ((corners >= -1e-6) & (corners <= 1 + 1e-6)).all()


@every_head
def test_one_step_trains_trunk_and_head(head: str, device: torch.device) -> None:
    model = models.build(description(head)).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for _ in range(3):  # the head starts at zero: it moves first, then lets the trunk move
        optimizer.zero_grad()
        model(photographs(4, device)).square().sum().backward()
        optimizer.step()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert all(p.grad.any() for p in model.trunk.parameters() if p.ndim > 1)


def test_grey_model_takes_colour_and_grey_alike(device: torch.device) -> None:
    model = models.build(description(channels=1)).to(device).eval()
    shake(model.head, 0.1)
    grey = torch.randint(256, (2, 1, 32, 32), dtype=torch.uint8, device=device)
    torch.testing.assert_close(model(grey), model(grey.expand(-1, 3, -1, -1)))


def test_colour_model_takes_grey_as_three_equal_colours(device: torch.device) -> None:
    model = models.build(description()).to(device).eval()
    shake(model.head, 0.1)
    grey = torch.randint(256, (2, 1, 32, 32), dtype=torch.uint8, device=device)
    torch.testing.assert_close(model(grey), model(grey.expand(-1, 3, -1, -1)))
