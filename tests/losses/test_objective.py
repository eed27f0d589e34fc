"""From two task losses to the number that is minimised."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from solobox.losses import build
from solobox.losses.objective import Objective, effective_weights
from solobox.types import LossParts, Prediction, TrainStats

STATS = TrainStats(counts=(6, 4), mean_box=(0.5, 0.5, 0.3, 0.3), n=10)


def objective(combine: str = "sum", **parameters: Any) -> Objective:
    return Objective(
        classification=build("classification", "cross_entropy"),
        localisation=build("localisation", "l2"),
        reduce=build("reduce", "mean"),
        combine=build("combine", combine, **parameters),
    )


def batch(device: torch.device) -> tuple[Prediction, Tensor, Tensor]:
    """Cross-entropy ln(4/3) and ln 2, mean ln(8/3) / 2; squared error .04 and .12, mean .08."""
    logits = torch.tensor([[math.log(3), 0.0], [1.0, 1.0]], device=device)
    box = torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.4, 0.4]], device=device)
    target = torch.tensor([[0.7, 0.5, 0.2, 0.2], [0.7, 0.7, 0.4, 0.6]], device=device)
    labels = torch.tensor([0, 1], device=device)
    return Prediction(logits.requires_grad_(), box.requires_grad_()), labels, target


LC, LL = math.log(8 / 3) / 2, 0.08


@pytest.mark.parametrize(
    ("combine", "parameters", "expected"),
    [
        ("sum", {}, LC + LL),
        ("weighted", {"alpha": 2.0, "beta": 5.0}, 2 * LC + 5 * LL),
        ("max", {}, LC),
        ("max", {"beta": 10.0}, 10 * LL),
    ],
)
def test_total_is_what_arithmetic_says(
    combine: str, parameters: dict[str, float], expected: float, device: torch.device
) -> None:
    parts = objective(combine, **parameters)(*batch(device), 0)
    assert parts.total.item() == pytest.approx(expected, rel=1e-6)


def test_each_sample_keeps_its_own_losses(device: torch.device) -> None:
    parts = objective()(*batch(device), 0)
    assert parts.classification.tolist() == pytest.approx([math.log(4 / 3), math.log(2)])
    assert parts.localisation.tolist() == pytest.approx([0.04, 0.12])
    assert parts.sample_weights.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("combine", "parameters", "expected"),
    [
        ("weighted", {"alpha": 2.0, "beta": 0.5}, (2.0, 0.5)),
        ("sum", {}, (1.0, 1.0)),
        ("max", {}, (1.0, 0.0)),
        ("max", {"beta": 10.0}, (0.0, 10.0)),
    ],
)
def test_effective_weights_are_what_each_loss_is_multiplied_by(
    combine: str, parameters: dict[str, float], expected: tuple[float, float], device: torch.device
) -> None:
    parts = objective(combine, **parameters)(*batch(device), 0)
    assert [w.item() for w in effective_weights(parts)] == pytest.approx(expected)


def test_max_alone_has_one_task_train(device: torch.device) -> None:
    pred, labels, target = batch(device)
    parts = objective("max")(pred, labels, target, 0)
    assert [w.item() for w in effective_weights(parts)] == pytest.approx([1.0, 0.0])
    parts.total.backward()
    assert pred.logits.grad.any()
    assert not pred.box.grad.any()


def test_reading_effective_weights_leaves_the_step_as_it_was(device: torch.device) -> None:
    def gradients(read: bool) -> tuple[Tensor, Tensor]:
        pred, labels, target = batch(device)
        parts = objective("weighted", alpha=3.0)(pred, labels, target, 0)
        if read:
            effective_weights(parts)
            assert pred.box.grad is None
        parts.total.backward()
        return pred.logits.grad, pred.box.grad

    for after_reading, expected in zip(gradients(True), gradients(False), strict=True):
        assert torch.equal(after_reading, expected)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (3, 4), (2, 1), (2, 5)])
def test_boxes_that_would_broadcast_are_refused(
    shape: tuple[int, ...], device: torch.device
) -> None:
    pred, labels, _ = batch(device)
    with pytest.raises(ValueError, match=r"boxes must be \(2, 4\); found"):
        objective()(pred, labels, torch.zeros(shape, device=device), 0)


def test_losses_stay_in_float32_inside_autocast(device: torch.device) -> None:
    expected = objective()(*batch(device), 0)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        found = objective()(*batch(device), 0)
    for part, reference in zip(found, expected, strict=True):
        assert part.dtype == torch.float32
        assert torch.equal(part, reference)


def test_sample_weights_decide_which_samples_train(device: torch.device) -> None:
    class OnlyTheFirst(nn.Module):
        def forward(self, lc: Tensor, ll: Tensor, labels: Tensor) -> Tensor:
            assert not lc.requires_grad
            assert not ll.requires_grad
            return torch.tensor([1.0, 0.0]).to(lc)

    chosen = objective()
    chosen.reduce = OnlyTheFirst()
    pred, labels, target = batch(device)
    parts = chosen(pred, labels, target, 0)
    parts.total.backward()
    assert parts.total.item() == pytest.approx(math.log(4 / 3) + 0.04, rel=1e-6)
    assert not pred.logits.grad[1].any()
    assert not pred.box.grad[1].any()


def test_combination_is_told_the_step(device: torch.device) -> None:
    class Step(nn.Module):
        def forward(self, lc: Tensor, ll: Tensor, weights: Tensor, step: int) -> Tensor:
            return step * (weights @ lc)

    chosen = objective()
    chosen.combine = Step()
    assert chosen(*batch(device), 7).total.item() == pytest.approx(7 * LC)


def test_statistics_reach_every_part_that_asks_for_them() -> None:
    class Asks(nn.Module):
        def bind(self, stats: TrainStats) -> None:
            self.stats = stats

    classification, combine = Asks(), Asks()
    Objective(
        classification=classification,
        localisation=build("localisation", "l2"),
        reduce=build("reduce", "mean"),
        combine=combine,
    ).bind(STATS)
    assert classification.stats is combine.stats is STATS


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("cross_entropy", {}, [0.0, 0.0]),
        ("focal", {"prior_bias": False}, [0.0, 0.0]),
        ("focal", {"prior_bias": True}, [math.log(0.6), math.log(0.4)]),
        ("sigmoid_focal", {}, [math.log(0.6 / 0.4), math.log(0.4 / 0.6)]),
        ("logistic", {"prior_bias": True}, [math.log(0.6 / 0.4), math.log(0.4 / 0.6)]),
        ("balanced_cross_entropy", {"prior_bias": True}, [math.log(1.5), -math.log(1.5)]),
    ],
)
def test_head_starts_at_the_class_frequencies_where_the_loss_asks_for_it(
    name: str, parameters: dict[str, bool], expected: list[float]
) -> None:
    chosen = objective()
    chosen.classification = build("classification", name, **parameters)
    assert chosen.initial_logits(STATS).tolist() == pytest.approx(expected, abs=1e-6)


def test_prior_of_a_class_without_images_is_finite() -> None:
    chosen = objective()
    chosen.classification = build("classification", "focal")
    stats = TrainStats(counts=(9, 0), mean_box=(0.5, 0.5, 0.3, 0.3), n=9)
    assert chosen.initial_logits(stats).isfinite().all()


def test_parts_of_a_loss_have_names(device: torch.device) -> None:
    parts = objective()(*batch(device), 0)
    assert isinstance(parts, LossParts)
    assert torch.equal(parts.total, parts[0])
