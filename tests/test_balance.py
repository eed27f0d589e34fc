"""Who pulls how hard."""

import copy
from typing import Any

import pytest
import torch
from tests.losses.test_contracts import LOCALISATION, leaf
from torch import Tensor, nn

from solobox import models
from solobox.balance import image_pulls
from solobox.data.augment import Augment
from solobox.data.datamodule import DataModule
from solobox.data.synthetic import Synthetic
from solobox.losses import build
from solobox.losses.objective import Objective
from solobox.models.localiser import Localiser
from solobox.types import Batch


@pytest.fixture(scope="module")
def data() -> DataModule:
    source = Synthetic(train=2048, val=4, test=4, size=32)  # 64 batches without repeats
    return DataModule(source, Augment(flip=0.5), batch_size=32, num_workers=0, seed=0)


def model(head: str = "soft_argmax") -> Localiser:
    return models.build({
        "backbone": "tiny", "head": {"name": head}, "decode": {"name": "sigmoid"},
        "classes": ["a", "b"], "size": 32, "resize": "squash", "channels": 3, "fine": False,
    })  # fmt: skip


def objective(data: DataModule, localisation: str, **parameters: Any) -> Objective:
    settings = leaf("localisation", localisation) | parameters
    made = Objective(
        classification=build("classification", "cross_entropy"),
        localisation=build("localisation", settings.pop("_target_").split(".")[-2], **settings),
        reduce=build("reduce", "mean"),
        combine=build("combine", "calibrated"),
    )
    made.bind(data.stats)
    return made


def started(data: DataModule, head: str = "soft_argmax") -> Localiser:
    made = model(head)
    made.bind(data.stats, torch.zeros(2))
    return made


@pytest.mark.parametrize("head", ["soft_argmax", "flatten"])
def test_measuring_changes_nothing(data: DataModule, head: str) -> None:
    network, loss = started(data, head), objective(data, "wise_iou_v3")
    before = copy.deepcopy((network.state_dict(), loss.state_dict()))
    random = torch.get_rng_state()
    pulls = image_pulls(network, loss, data.batches_aside(2))
    assert pulls.shape == (64, 2)
    assert (pulls > 0).all()
    for old, new in zip(before, (network.state_dict(), loss.state_dict()), strict=True):
        assert all(torch.equal(old[key], value) for key, value in new.items())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_measuring_again_gives_the_same_numbers(data: DataModule) -> None:
    network, loss = started(data), objective(data, "giou")
    first = image_pulls(network, loss, data.batches_aside(2))
    torch.manual_seed(99)
    assert torch.equal(image_pulls(network, loss, data.batches_aside(2)), first)


def test_pull_is_the_norm_of_each_image_s_own_gradient() -> None:
    class Head(nn.Module):
        """Logits and box are the features themselves."""

        def forward(self, features: Tensor) -> Tensor:
            return features.flatten(1)

    class Trunk(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.tensor([0.0, 0.0, 0.5, 0.5, 0.2, 0.2]).repeat(2, 1)[..., None, None]

    network = Localiser(Trunk(), Head(), classes=["a", "b"], size=1)
    loss = Objective(
        classification=build("classification", "cross_entropy"),
        localisation=build("localisation", "l2"),
        reduce=build("reduce", "mean"),
        combine=build("combine", "sum"),
    )
    boxes = torch.tensor([[0.6, 0.5, 0.2, 0.2], [0.5, 0.5, 0.5, 0.6]])
    images = torch.zeros(2, 3, 1, 1, dtype=torch.uint8)
    pulls = image_pulls(
        network, loss, [Batch(images, torch.tensor([0, 1]), boxes, torch.arange(2))]
    )
    # p - q = (-.5, .5); 2 d = (-.2, 0, 0, 0) and (0, 0, -.6, -.8)
    expected = torch.tensor([[0.5**0.5, 0.2], [0.5**0.5, 1.0]])
    torch.testing.assert_close(pulls, expected)


@pytest.mark.parametrize(
    "names", [["l2", "giou", "nwd"], pytest.param(LOCALISATION, marks=pytest.mark.slow)],
    ids=["three", "all"],
)  # fmt: skip
def test_calibrated_box_losses_pull_alike_on_other_images(
    data: DataModule, names: list[str]
) -> None:
    """Swapping the box loss compares losses, not hidden weights: within a factor of 1.1."""
    network = started(data)
    batches = list(data.batches_aside(64))
    shown = torch.cat([batch.indices for batch in batches])
    assert len(shown.unique()) == len(shown), "measured again on other images"
    before, after = {}, {}
    pixels = (("l2", {}, 224.0**2), *((name, {}, 1.0) for name in names))
    for name, parameters, scale in pixels:
        loss = objective(data, name, **parameters)
        one, other = (image_pulls(network, loss, part) for part in (batches[:32], batches[32:]))
        scaled = torch.tensor([1.0, scale])
        loss.combine.calibrate(scaled * one)
        ordinary = (scaled * other).sort(dim=0).values[: int(0.95 * len(other))].mean(0)
        before[name, scale] = float(ordinary[1] / ordinary[0])
        after[name, scale] = before[name, scale] * float(loss.combine.beta)
    assert max(before.values()) / min(before.values()) > 1e4
    assert max(after.values()) / min(after.values()) <= 1.1, after


def test_ratio_moves_the_balance(data: DataModule) -> None:
    pulls = torch.tensor([[1.0, 0.1]]).repeat(40, 1)
    for ratio in (1.0, 3.0):
        combine = build("combine", "calibrated", ratio=ratio)
        combine.calibrate(pulls)
        assert float(combine.beta) == pytest.approx(10 * ratio)


def test_an_outlier_does_not_calibrate(data: DataModule) -> None:
    pulls = torch.ones(40, 2)
    pulls[7, 1] = 1e6
    combine = build("combine", "calibrated")
    combine.calibrate(pulls)
    assert float(combine.beta) == pytest.approx(1.0)


def test_a_loss_without_gradient_cannot_be_calibrated() -> None:
    with pytest.raises(ValueError, match="gradient of the localisation loss must be > 0; found 0"):
        build("combine", "calibrated").calibrate(torch.tensor([[1.0, 0.0]]))
