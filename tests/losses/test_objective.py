"""From two task losses to the number that is minimised."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from solobox.losses import build
from solobox.losses.gradient_scheme import task_gram
from solobox.losses.objective import Objective, slopes
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


def effective_weights(parts: LossParts) -> tuple[Tensor, Tensor]:
    """What a combination multiplies both losses by."""
    weight_c, weight_l = (slope.sum() for slope in slopes(parts))
    return weight_c, weight_l


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
        ("focal", {"weight": "balanced"}, [math.log(0.5), math.log(0.5)]),
        ("sigmoid_focal", {"alpha": None}, [math.log(0.6 / 0.4), math.log(0.4 / 0.6)]),
        ("sigmoid_focal", {"alpha": 0.25}, [math.log(1.5 / 3), math.log(1 / 1.5 / 3)]),
        ("sigmoid_focal", {"prior_bias": False}, [0.0, 0.0]),
        ("logistic", {"prior_bias": True}, [math.log(0.6 / 0.4), math.log(0.4 / 0.6)]),
        ("balanced_cross_entropy", {"prior_bias": True}, [0.0, 0.0]),
    ],
)
def test_head_starts_at_the_class_frequencies_where_the_loss_asks_for_it(
    name: str, parameters: dict[str, bool], expected: list[float]
) -> None:
    chosen = objective()
    chosen.classification = build("classification", name, **parameters)
    chosen.bind(STATS)
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


# Gradient schemes


class Shared(nn.Module):
    """A trunk and a head in float64, small enough to differentiate by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk, self.head = nn.Linear(5, 7), nn.Linear(7, 6)
        self.double()

    def gradients(self, combine: str, **parameters: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Of trunk and head under a scheme, and the weights it chose."""
        torch.manual_seed(1)
        images, labels = torch.randn(4, 5, dtype=torch.float64), torch.tensor([0, 1, 1, 0])
        target = 0.3 + 0.4 * torch.rand(4, 4, dtype=torch.float64)
        features = self.trunk(images).tanh()
        outputs = self.head(features)
        pred = Prediction(outputs[:, :2], outputs[:, 2:].sigmoid())
        parts = objective(combine, **parameters)(pred, labels, target, 0, features)
        weights = torch.stack(effective_weights(parts))
        return (*torch.autograd.grad(parts.total, (self.trunk.weight, self.head.weight)), weights)


@pytest.mark.parametrize(
    "name", ["pcgrad", "mgda", "cagrad", "imtl_g", "nash_mtl", "upgrad", "aligned_mtl", "dual_proj"]
)
def test_one_backward_pass_sends_the_weighted_gradients_into_trunk_and_head(name: str) -> None:
    shared = Shared()
    of_class = shared.gradients("weighted", alpha=1.0, beta=0.0)[:2]
    of_box = shared.gradients("weighted", alpha=0.0, beta=1.0)[:2]
    *found, weights = shared.gradients(name)
    for gradient, c, b in zip(found, of_class, of_box, strict=True):
        torch.testing.assert_close(
            gradient, (weights[0] * c + weights[1] * b), rtol=1e-5, atol=1e-8
        )


def test_imtl_g_makes_both_tasks_pull_equally_at_the_features() -> None:
    torch.manual_seed(0)
    features = torch.randn(4, 6, requires_grad=True)
    pred = Prediction(features[:, :2], (0.01 * features[:, 2:]).sigmoid())
    parts = objective("imtl_g")(pred, torch.tensor([0, 1, 1, 0]), torch.rand(4, 4), 0, features)
    weights = torch.stack(effective_weights(parts))
    means = torch.stack((parts.classification.mean(), parts.localisation.mean()))
    norms = task_gram(means, features).diagonal().sqrt()
    pulls = weights * norms
    assert pulls[0].item() == pytest.approx(pulls[1].item(), rel=1e-4)
    assert norms[0] > 10 * norms[1]


def test_gradnorm_learns_its_weights_without_changing_the_total() -> None:
    torch.manual_seed(0)
    chosen = objective("gradnorm")
    features = torch.randn(4, 6, requires_grad=True)
    pred = Prediction(features[:, :2], (0.01 * features[:, 2:]).sigmoid())
    parts = chosen(pred, torch.tensor([0, 1, 1, 0]), torch.rand(4, 4), 0, features)
    expected = parts.classification.mean() + parts.localisation.mean()
    assert parts.total.item() == pytest.approx(expected.item(), rel=1e-6)
    parts.total.backward()
    gradient = chosen.combine.logits.grad
    assert gradient[0] > 0 > gradient[1], "the box, which pulls less, is to gain weight"


def test_dwa_hears_of_the_mean_losses_of_each_epoch(device: torch.device) -> None:
    chosen = objective("dwa").to(device)
    for expected in (torch.ones(2), torch.ones(2)):
        for step in range(3):
            parts = chosen(*batch(device), step)
            assert torch.stack(effective_weights(parts)).cpu().tolist() == expected.tolist()
        chosen.combine.end_epoch()
    assert chosen.combine.last.cpu().tolist() == pytest.approx([LC, LL])
    chosen.combine.before = 2 * chosen.combine.before * torch.tensor([1.0, 0.5], device=device)
    weights = torch.stack(effective_weights(chosen(*batch(device), 0)))
    assert weights.sum().item() == pytest.approx(2)
    assert weights[0] < weights[1], "the class fell faster"


def test_dwa_is_not_told_of_an_epoch_without_batches(device: torch.device) -> None:
    chosen = objective("dwa").to(device)
    chosen(*batch(device), 0)
    chosen.combine.end_epoch()
    before = chosen.combine.last.clone()
    chosen.combine.end_epoch()
    assert torch.equal(chosen.combine.last, before)
    chosen.combine.forget()
    assert not any(buffer.any() for buffer in chosen.combine.buffers())


def test_famo_moves_once_a_step_however_many_batches_it_has(device: torch.device) -> None:
    chosen = objective("famo").to(device)
    for step in (0, 0, 1, 1, 1, 2):
        chosen(*batch(device), step)
    assert float(chosen.combine.updates) == 2


def test_evaluation_leaves_the_state_of_a_combination_alone(device: torch.device) -> None:
    for name in ("dwa", "famo"):
        chosen = objective(name).to(device)
        chosen(*batch(device), 0)
        before = {key: value.clone() for key, value in chosen.state_dict().items()}
        chosen.eval()
        chosen(*batch(device), 1)
        assert all(torch.equal(value, before[key]) for key, value in chosen.state_dict().items())
