"""Every leaf in configs/loss keeps what its role promises; a new leaf is found by its file."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from tests.losses import contracts
from torch import Tensor, nn

from solobox.losses import GROUPS, ROLES, available, build
from solobox.losses.gradient_scheme import GradientScheme
from solobox.losses.objective import Objective
from solobox.stems import class_of
from solobox.types import Prediction, TrainStats

CONFIGS = Path(__file__).parents[2] / "configs" / "loss"
LEAVES = [(role, path.stem) for role in ROLES for path in sorted((CONFIGS / role).glob("*.yaml"))]
PRESETS = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
CLASSIFICATION, LOCALISATION, REDUCE, COMBINE = (
    [name for found, name in LEAVES if found == role] for role in ROLES
)

every_leaf = pytest.mark.parametrize(("role", "name"), LEAVES)
every_classification = pytest.mark.parametrize("name", CLASSIFICATION)
every_localisation = pytest.mark.parametrize("name", LOCALISATION)
every_reduce = pytest.mark.parametrize("name", REDUCE)
GRADIENT = [n for n in COMBINE if issubclass(class_of("solobox.losses.combine", n), GradientScheme)]
every_combine = pytest.mark.parametrize("name", [n for n in COMBINE if n not in GRADIENT])
every_gradient_scheme = pytest.mark.parametrize("name", GRADIENT)
two_and_five_classes = pytest.mark.parametrize("classes", [2, 5])
every_float = pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str
)
draws = settings(max_examples=40)


@pytest.fixture(autouse=True)
def on_device(device: torch.device) -> Iterator[None]:
    with device:
        yield


def leaf(role: str, name: str) -> dict[str, Any]:
    """A leaf as Hydra composes it: a variant (`defaults: [parent]`) inherits the other keys."""
    own: Any = OmegaConf.to_container(OmegaConf.load(CONFIGS / role / f"{name}.yaml"))
    parents = [parent for parent in own.pop("defaults", []) if parent != "_self_"]
    inherited = leaf(role, parents[0]) if parents else {}
    return inherited | own


def made(role: str, name: str, classes: int = 2) -> nn.Module:
    """The part that a leaf describes, bound to statistics of a split, in float64."""
    settings = leaf(role, name)
    stem = settings.pop("_target_").split(".")[-2]
    part = build(role, stem, **settings)
    counts = tuple(range(10, 10 * classes + 1, 10))
    if hasattr(part, "bind"):
        part.bind(TrainStats(counts=counts, mean_box=(0.5, 0.5, 0.3, 0.4), n=sum(counts)))
    return part.double()


def parameters_of(kind: type) -> list[inspect.Parameter]:
    """What a class's own constructor takes; nn.Module's `*args, **kwargs` do not count."""
    own = "__init__" in vars(kind)
    return list(inspect.signature(kind).parameters.values()) if own else []


def losses_of_a_batch(n: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    lc, ll = 0.1 + torch.rand(2, n, dtype=torch.float64)
    return lc, ll, torch.arange(n) % 2


# The files


@every_leaf
def test_leaf_names_the_file_of_its_class_and_each_default(role: str, name: str) -> None:
    own = OmegaConf.load(CONFIGS / role / f"{name}.yaml")
    if "defaults" in own:
        assert "_target_" not in own, "a variant inherits its class"
        return
    kind = class_of(f"solobox.losses.{role}", name)
    signature = {p.name: p.default for p in parameters_of(kind)}
    defaults: Any = OmegaConf.to_container(OmegaConf.create(signature))  # tuples as lists
    assert OmegaConf.to_container(own) == {
        "_target_": f"solobox.losses.{role}.{name}.{kind.__name__}",
        **defaults,
    }


@every_leaf
def test_hyperparameters_are_keyword_only(role: str, name: str) -> None:
    found = parameters_of(type(made(role, name)))
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in found)


@every_leaf
def test_first_line_of_a_leaf_is_the_command_that_runs_it(role: str, name: str) -> None:
    first = (CONFIGS / role / f"{name}.yaml").read_text().splitlines()[0]
    assert re.match(rf"# .*python train\.py .*loss/{role}={name}\b", first)


@pytest.mark.parametrize("role", ROLES)
def test_every_loss_has_a_leaf_of_its_name(role: str) -> None:
    assert set(available(role)) <= {name for found, name in LEAVES if found == role}


@pytest.mark.parametrize("name", PRESETS)
def test_preset_chooses_and_carries_no_numbers(name: str) -> None:
    path = CONFIGS / f"{name}.yaml"
    assert re.match(rf"# .*python train\.py .*loss={name}\b", path.read_text().splitlines()[0])
    preset: Any = OmegaConf.to_container(OmegaConf.load(path))
    assert set(preset) == {"defaults"}
    choices = {k: v for entry in preset["defaults"] for k, v in dict(entry).items()}
    assert set(choices) == set(GROUPS)
    assert {(role, choices[role]) for role in ROLES} <= set(LEAVES)


# Classification


@every_classification
@two_and_five_classes
def test_classification_gives_one_value_a_sample(name: str, classes: int) -> None:
    part = made("classification", name, classes)
    for n in (1, 7):
        contracts.assert_one_value_a_sample(part, *contracts.random_logits(n, classes))


@every_classification
@two_and_five_classes
@every_float
def test_classification_is_finite_and_non_negative_for_every_certainty(
    name: str, classes: int, dtype: torch.dtype
) -> None:
    part = made("classification", name, classes).to(dtype)
    logits, labels = contracts.degenerate_logits(classes, dtype)
    contracts.assert_finite(part, logits, labels)
    contracts.assert_non_negative(part, logits, labels)


@every_classification
@two_and_five_classes
@given(seed=st.integers(0, 2**32), spread=st.sampled_from([0.1, 1.0, 10.0, 1e3]))
@draws
def test_classification_of_random_logits_is_finite_and_non_negative(
    name: str, classes: int, seed: int, spread: float
) -> None:
    torch.manual_seed(seed)
    logits, labels = contracts.random_logits(256, classes)
    part = made("classification", name, classes)
    contracts.assert_finite(part, spread * logits, labels)
    contracts.assert_non_negative(part, spread * logits, labels)


@every_classification
@two_and_five_classes
def test_wrong_class_has_a_gradient(name: str, classes: int) -> None:
    logits, _ = contracts.random_logits(64, classes)
    wrong = (logits.argmax(-1) + 1) % classes
    contracts.assert_pulls(made("classification", name, classes), logits, wrong)


@every_classification
def test_classification_in_float32_is_as_good_as_in_float64(name: str) -> None:
    part = made("classification", name, 5)
    contracts.assert_float32_is_as_good(part, *contracts.random_logits(256, 5))


@pytest.mark.parametrize(
    "name", [n for n in CLASSIFICATION if not leaf("classification", n).get("label_smoothing")]
)
@two_and_five_classes
def test_perfect_class_costs_nothing(name: str, classes: int) -> None:
    part = made("classification", name, classes)
    contracts.assert_perfect_class_costs_nothing(part, classes)


@every_classification
@two_and_five_classes
def test_wrong_class_costs_more_than_the_right_one(name: str, classes: int) -> None:
    labels = torch.arange(classes)
    right = 3 * torch.eye(classes, dtype=torch.float64)
    part = made("classification", name, classes)
    contracts.assert_wrong_costs_more_than_right(part, right, right.roll(1, 0), labels)


@every_classification
@two_and_five_classes
def test_classification_does_not_depend_on_the_order_of_the_batch(name: str, classes: int) -> None:
    part = made("classification", name, classes)
    inputs = contracts.random_logits(9, classes)
    contracts.assert_order_of_samples_does_not_matter(part, *inputs)


@every_classification
@two_and_five_classes
def test_gradient_of_classification_is_its_derivative(name: str, classes: int) -> None:
    part = made("classification", name, classes)
    contracts.assert_gradient_is_the_derivative(part, *contracts.random_logits(6, classes))


# Localisation


@every_localisation
def test_localisation_gives_one_value_a_sample(name: str) -> None:
    part = made("localisation", name)
    for n in (1, 7):
        contracts.assert_one_value_a_sample(part, *contracts.overlapping_boxes(n))


@every_localisation
@every_float
def test_localisation_is_finite_on_degenerate_boxes(name: str, dtype: torch.dtype) -> None:
    part = made("localisation", name).to(dtype)
    contracts.assert_finite(part, *contracts.degenerate_boxes(dtype))


@every_localisation
def test_localisation_is_non_negative_on_degenerate_boxes(name: str) -> None:
    part = made("localisation", name)
    contracts.assert_non_negative(part, *contracts.degenerate_boxes(torch.float64))


@every_localisation
@every_float
@given(seed=st.integers(0, 2**32), smallest=st.sampled_from([1e-8, 1e-4, 1e-2, 0.5]))
@draws
def test_localisation_of_random_boxes_is_finite_non_negative_and_zero_when_perfect(
    name: str, seed: int, smallest: float, dtype: torch.dtype
) -> None:
    torch.manual_seed(seed)
    pred, target = (contracts.random_boxes(256, smallest, dtype) for _ in range(2))
    part = made("localisation", name).to(dtype)
    contracts.assert_finite(part, pred, target)
    contracts.assert_non_negative(part, pred, target)
    contracts.assert_perfect_box_costs_nothing(part, target)


@every_localisation
@pytest.mark.parametrize("how", sorted(contracts.improvable_boxes(1)))
def test_box_that_can_improve_has_a_gradient(name: str, how: str) -> None:
    part = made("localisation", name)
    pred, target = contracts.improvable_boxes()[how]
    if how not in ("apart", "touching") or contracts.promises_a_pull_when_apart(part):
        contracts.assert_pulls(part, pred, target)


def test_losses_without_a_pull_for_boxes_apart_are_known_and_say_so() -> None:
    parts = {name: made("localisation", name) for name in LOCALISATION}
    silent = {n for n, part in parts.items() if not contracts.promises_a_pull_when_apart(part)}
    assert silent >= {"iou", "log_iou", "alpha_iou", "focal_eiou"}
    pred, target = contracts.improvable_boxes()["apart"]
    for name in silent:
        at = pred.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(parts[name](at, target).sum(), at)
        assert not gradient.any(), f"{name} does pull, and need not say otherwise"


@every_localisation
def test_localisation_in_float32_is_as_good_as_in_float64(name: str) -> None:
    part = made("localisation", name)
    target = contracts.random_boxes(256, 0.05)
    pred = (target + 0.03 * torch.randn_like(target)).clamp(0.02, 1)
    contracts.assert_float32_is_as_good(part, pred, target)


@every_localisation
def test_perfect_box_costs_nothing_however_small(name: str) -> None:
    boxes = torch.tensor([[0.5, 0.5, s, s] for s in (1e-4, 1e-2, 1.0)], dtype=torch.float64)
    contracts.assert_perfect_box_costs_nothing(made("localisation", name), boxes)


@every_localisation
def test_distant_box_costs_more_than_a_close_one(name: str) -> None:
    target = torch.tensor([[0.3, 0.3, 0.2, 0.2]], dtype=torch.float64)
    near, far = target + 0.01, target + torch.tensor([0.1, 0.1, 0.05, 0.05])
    part = made("localisation", name)
    contracts.assert_wrong_costs_more_than_right(part, near, far, target)


@every_localisation
def test_localisation_does_not_depend_on_the_order_of_the_batch(name: str) -> None:
    part = made("localisation", name)
    pred, target = contracts.random_boxes(9), contracts.random_boxes(9)
    contracts.assert_order_of_samples_does_not_matter(part, pred, target)


@every_localisation
def test_gradient_of_localisation_is_its_derivative(name: str) -> None:
    part = made("localisation", name)
    contracts.assert_gradient_is_the_derivative(part, *contracts.overlapping_boxes(6))


# Reduce


@every_reduce
@pytest.mark.parametrize("n", [1, 6])
def test_sample_weights_are_detached_and_sum_to_one(name: str, n: int) -> None:
    lc, ll, labels = losses_of_a_batch(n)
    contracts.assert_weights(made("reduce", name), lc.requires_grad_(), ll, labels)


@every_reduce
def test_sample_weights_exist_when_every_loss_is_zero(name: str) -> None:
    zeros = torch.zeros(4, dtype=torch.float64)
    contracts.assert_weights(made("reduce", name), zeros, zeros, torch.zeros(4, dtype=torch.long))


@every_reduce
def test_sample_weights_follow_their_samples(name: str) -> None:
    contracts.assert_weights_follow_their_samples(made("reduce", name), *losses_of_a_batch())


# Combine


@every_combine
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_combination_is_one_finite_number_with_finite_gradients(name: str, scale: float) -> None:
    lc, ll, _ = losses_of_a_batch()
    weights = torch.full_like(lc, 1 / len(lc))
    contracts.assert_one_number(made("combine", name), lc, scale * ll, weights)


@every_combine
def test_combination_is_finite_when_a_loss_is_zero(name: str) -> None:
    lc, _, _ = losses_of_a_batch()
    weights = torch.full_like(lc, 1 / len(lc))
    contracts.assert_one_number(made("combine", name), lc, torch.zeros_like(lc), weights)


@every_combine
def test_gradient_of_a_combination_is_its_derivative(name: str) -> None:
    lc, ll, _ = losses_of_a_batch()
    contracts.assert_derivative_of_both(made("combine", name), lc, ll, lc / lc.sum())


@every_combine
def test_combination_does_not_depend_on_the_order_of_the_batch(name: str) -> None:
    lc, ll, _ = losses_of_a_batch()
    contracts.assert_batch_order_does_not_matter(made("combine", name), lc, ll, lc / lc.sum())


@every_combine
def test_sample_of_weight_zero_has_no_say(name: str) -> None:
    lc, ll, _ = losses_of_a_batch(3)
    weights = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    lc.requires_grad_()
    total = made("combine", name)(lc, ll, weights, 0)
    assert torch.autograd.grad(total, lc)[0][2] == 0


def gram_of(jacobian: Tensor) -> tuple[Tensor, Tensor]:
    return jacobian @ jacobian.T, torch.tensor([0.7, 0.3], dtype=torch.float64)


@every_gradient_scheme
@given(seed=st.integers(0, 2**32), ratio=st.sampled_from([1e-3, 1.0, 1e3]))
@draws
def test_step_of_a_gradient_scheme_is_finite_and_never_zero(
    name: str, seed: int, ratio: float
) -> None:
    torch.manual_seed(seed)
    jacobian = torch.randn(2, 6, dtype=torch.float64) * torch.tensor([[1.0], [ratio]]).double()
    part = made("combine", name)
    for scale in (1e-8, 1.0, 1e8):
        weights = part.weights(*gram_of(scale * jacobian), 0)
        assert weights.isfinite().all() and not weights.requires_grad
        assert (weights @ jacobian).norm() > 0


@every_gradient_scheme
@pytest.mark.parametrize(
    "jacobian",
    [
        [[1.0, 2.0], [-1.0, -2.0]],
        [[1.0, 2.0], [-1e-3, -2e-3]],
        [[1.0, 2.0], [1.0, 2.0]],
        [[1e-8, 2e-8], [1e-8, 2e-8]],
        [[1.0, 2.0], [0.0, 0.0]],
        [[0.0, 0.0], [1.0, 2.0]],
        [[0.0, 0.0], [0.0, 0.0]],
        [[1e3, 0.0], [0.0, 1.0]],
        [[1e3, 1e3], [-1.0, 1.0]],
    ],
)
def test_degenerate_gradients_give_finite_weights_and_a_step_where_there_is_one(
    name: str, jacobian: list[list[float]]
) -> None:
    gradients = torch.tensor(jacobian, dtype=torch.float64)
    weights = made("combine", name).weights(*gram_of(gradients), 0)
    assert weights.isfinite().all()
    opposite = gradients[0] @ gradients[1] < -0.999 * gradients.norm(dim=1).prod()
    if gradients.any() and not opposite:
        assert (weights @ gradients).norm() > 1e-12


@every_gradient_scheme
def test_step_of_a_gradient_scheme_goes_down_for_both_where_they_agree(name: str) -> None:
    jacobian = torch.tensor([[1.0, 0.2], [0.3, 1.5]], dtype=torch.float64)
    step = made("combine", name).weights(*gram_of(jacobian), 0) @ jacobian
    assert (jacobian @ step > 0).all()


@every_gradient_scheme
def test_parallel_gradients_measured_in_float32_still_give_a_step(name: str) -> None:
    one = torch.randn(4096)
    gradients = torch.stack((one, 3 * one))
    weights = made("combine", name).weights(gradients @ gradients.T, torch.ones(2), 0)
    step = weights.double() @ gradients.double()
    assert step.norm() / one.norm() > (0.01 if name == "nash_mtl" else 0.4)


@every_gradient_scheme
def test_swapped_tasks_get_swapped_weights(name: str) -> None:
    jacobian = torch.randn(2, 6, dtype=torch.float64)
    gram, losses = gram_of(jacobian)
    weights = made("combine", name).weights(gram, losses, 0)
    swapped = made("combine", name).weights(gram.flip(0, 1), losses.flip(0), 0)
    torch.testing.assert_close(swapped, weights.flip(0))


@every_gradient_scheme
def test_gradient_scheme_asks_for_the_features_it_needs(name: str) -> None:
    objective = Objective(
        classification=build("classification", "cross_entropy"),
        localisation=build("localisation", "l1"),
        reduce=build("reduce", "mean"),
        combine=build("combine", name),
    )
    pred = Prediction(torch.zeros(2, 2), torch.full((2, 4), 0.5))
    with pytest.raises(ValueError, match="needs the shared features"):
        objective(pred, torch.tensor([0, 1]), torch.full((2, 4), 0.4), 0)


# Together


@every_leaf
@two_and_five_classes
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_objective_with_this_leaf_is_finite_and_float32_for_every_input_type(
    role: str, name: str, classes: int, dtype: torch.dtype
) -> None:
    chosen = {
        "classification": "cross_entropy",
        "localisation": "giou",
        "reduce": "mean",
        "combine": "sum",
        role: name,
    }
    objective = Objective(**{r: made(r, n, classes).float() for r, n in chosen.items()})
    logits, labels = contracts.random_logits(8, classes)
    features = torch.cat((logits, contracts.random_boxes(8)), 1).to(dtype).requires_grad_()
    logits, box = features[:, :-4], features[:, -4:]
    target = contracts.random_boxes(8, dtype=dtype)
    parts = objective(Prediction(logits, box), labels, target, 0, features)
    assert {part.dtype for part in parts} == {torch.float32}
    assert all(part.isfinite().all() for part in parts)
    for gradient in torch.autograd.grad(parts.total, (logits, box), materialize_grads=True):
        assert gradient.isfinite().all()


REFUSED = [
    ("classification", "cross_entropy", {"label_smoothing": 1.0}, "1.0"),
    ("classification", "cross_entropy", {"label_smoothing": -0.1}, "-0.1"),
    ("classification", "weighted_cross_entropy", {"weight": [1.0, -2.0]}, "-2.0"),
    ("classification", "weighted_cross_entropy", {"weight": [0.0, 0.0]}, "found [0.0, 0.0]"),
    (
        "classification",
        "weighted_cross_entropy",
        {"weight": ["a", "b"]},
        "weight[0] must be a number >= 0; found 'a'",
    ),
    ("classification", "weighted_cross_entropy", {"weight": "ballanced"}, "found 'ballanced'"),
    ("classification", "weighted_cross_entropy", {"beta": 1.0}, "beta must be in [0, 1); found 1"),
    ("classification", "balanced_cross_entropy", {"alpha": 1.5}, "found 1.5"),
    ("classification", "focal", {"gamma": -0.5}, "-0.5"),
    ("classification", "focal", {"gamma": float("nan")}, "nan"),
    ("classification", "focal", {"weight": [1.0, -2.0]}, "-2.0"),
    ("classification", "sigmoid_focal", {"gamma": -1.0}, "gamma must be >= 0; found -1.0"),
    ("classification", "sigmoid_focal", {"alpha": -0.25}, "found -0.25"),
    ("classification", "sigmoid_focal", {"alpha": [0.5, 2.0]}, "found 2.0"),
    ("classification", "sigmoid_focal", {"alpha": "much"}, "found 'much'"),
    ("classification", "sigmoid_focal", {"alpha": []}, "found []"),
    ("classification", "hinge", {"margin": 0.0}, "margin must be > 0; found 0.0"),
    ("classification", "multi_margin", {"margin": -1.0}, "found -1.0"),
    ("classification", "squared_hinge", {"margin": float("inf")}, "finite; found inf"),
    ("classification", "poly1", {"epsilon": -1.5}, "found -1.5"),
    ("localisation", "smooth_l1", {"beta": 0.0}, "0.0"),
    ("localisation", "huber", {"delta": 0.0}, "delta must be > 0; found 0.0"),
    ("localisation", "balanced_l1", {"alpha": 0.0}, "alpha must be > 0; found 0.0"),
    ("localisation", "balanced_l1", {"gamma": -1.5}, "gamma must be > 0; found -1.5"),
    ("localisation", "balanced_l1", {"beta": 0.0}, "beta must be > 0; found 0.0"),
    ("localisation", "wing", {"epsilon": 0.0}, "epsilon must be > 0; found 0.0"),
    ("localisation", "wing", {"w": -10.0}, "w must be > 0; found -10.0"),
    ("localisation", "yolo_v1", {"lambda_coord": -5.0}, "found -5.0"),
    ("localisation", "encoded_smooth_l1", {"beta": 0.0}, "beta must be > 0; found 0.0"),
    (
        "localisation",
        "encoded_smooth_l1",
        {"weights": [1.0]},
        "weights must be 4 numbers; found [1.0]",
    ),
    (
        "localisation",
        "encoded_smooth_l1",
        {"weights": 10.0},
        "weights must be 4 numbers; found 10.0",
    ),
    ("localisation", "encoded_smooth_l1", {"anchor": [0.0, 1.0]}, "found 0.0"),
    ("localisation", "log_iou", {"eps": 0.0}, "eps must be in (0, 1); found 0.0"),
    ("localisation", "focal_eiou", {"gamma": -0.5}, "gamma must be >= 0; found -0.5"),
    ("localisation", "siou", {"theta": 0.5}, "theta must be >= 1; found 0.5"),
    ("localisation", "alpha_iou", {"alpha": 0.0}, "alpha must be > 0; found 0.0"),
    ("localisation", "alpha_ciou", {"alpha": -3.0}, "found -3.0"),
    ("localisation", "wise_iou_v2", {"gamma": -1.0}, "found -1.0"),
    ("localisation", "wise_iou_v2", {"momentum": 0.0}, "momentum must be in (0, 1]; found 0.0"),
    ("localisation", "wise_iou_v3", {"alpha": 1.0}, "alpha must be > 1; found 1.0"),
    ("localisation", "wise_iou_v3", {"delta": 0.0}, "found 0.0"),
    ("localisation", "nwd", {"constant": 0.0}, "constant must be > 0; found 0.0"),
    ("localisation", "nwd", {"eps": -1e-7}, "found -1e-07"),
    ("localisation", "smooth_l1", {"beta": "0.1"}, "beta must be a number > 0; found '0.1'"),
    ("localisation", "smooth_l1", {"beta": True}, "beta must be a number > 0; found True"),
    ("localisation", "balanced_l1", {"alpha": 0.01}, "at most 80 alpha"),
    ("localisation", "balanced_l1", {"gamma": 1e9}, "found alpha=0.5, gamma=1000000000.0"),
    ("localisation", "wise_iou_v3", {"delta": 150.0}, "delta ln(alpha) must be at most 60"),
    ("localisation", "nwd", {"constant": "abc"}, "constant must be a number > 0; found 'abc'"),
    ("localisation", "nwd", {"constant": [1, 2]}, "found [1, 2]"),
    ("localisation", "encoded_smooth_l1", {"anchor": [None, 1.0]}, "anchor[0] must be a number"),
    ("classification", "focal", {"weight": 3}, "weight must be one number per class; found 3"),
    ("classification", "focal", {"weight": {0: 1.0, 1: 2.0}}, "one number per class; found {0"),
    ("classification", "focal", {"weight": [1e-60, 1e-60]}, "> 0 for one class at least"),
    ("classification", "focal", {"beta": 5.0}, "beta must be in [0, 1); found 5.0"),
    ("classification", "sigmoid_focal", {"alpha": [0.1, None]}, "alpha[1] must be a number"),
    ("classification", "poly1", {"epsilon": "a"}, "epsilon must be a number >= -1; found 'a'"),
    ("reduce", "ohem", {"fraction": 0.0}, "fraction must be in (0, 1]; found 0.0"),
    ("reduce", "ohem", {"by": "hardness"}, "found 'hardness'"),
    ("reduce", "ratio_1_3", {"ratio": 0.0}, "ratio must be > 0; found 0.0"),
    ("reduce", "ratio_1_3", {"negative": -1}, "0 for C1; found -1"),
    ("reduce", "class_balanced", {"weight": [1.0, 0.0]}, "> 0 for every class; found [1.0, 0.0]"),
    ("combine", "weighted", {"alpha": -1.0}, "alpha must be >= 0; found -1.0"),
    ("combine", "weighted", {"alpha": 0.0, "beta": 0.0}, "not both be 0; found 0.0 and 0.0"),
    ("combine", "weighted", {"alpha": float("inf")}, "alpha must be >= 0 and finite; found inf"),
    ("combine", "max", {"beta": 0.0}, "beta must be > 0; found 0.0"),
    ("combine", "max_per_sample", {"alpha": -1.0}, "alpha must be > 0; found -1.0"),
    ("combine", "smooth_max", {"temperature": 0.0}, "temperature must be > 0; found 0.0"),
    ("combine", "uncertainty", {"log_var": [0.0]}, "log_var must be 2 numbers; found [0.0]"),
    (
        "combine",
        "uncertainty",
        {"log_var": [0.0, float("nan")]},
        "log_var[1] must be finite; found nan",
    ),
    ("combine", "liebel_koerner", {"c": [1.0, 0.0]}, "c must not be 0; found [1.0, 0.0]"),
    ("combine", "imtl_l", {"s": 1.0}, "s must be 2 numbers; found 1.0"),
    ("combine", "uw_so", {"temperature": -1.0}, "found -1.0"),
    ("combine", "random_weights", {"seed": -1}, "found -1"),
    ("combine", "dwa", {"temperature": 0.0}, "found 0.0"),
    ("combine", "famo", {"lr": 0.0}, "lr must be > 0; found 0.0"),
    ("combine", "famo", {"weight_decay": -1.0}, "weight_decay must be >= 0; found -1.0"),
    ("combine", "calibrated", {"ratio": 0.0}, "ratio must be > 0; found 0.0"),
    ("combine", "calibrated", {"batches": 0}, "batches must be a whole number >= 1; found 0"),
    ("combine", "nash_mtl", {"max_norm": -1.0}, "max_norm must be >= 0; found -1.0"),
    ("combine", "aligned_mtl", {"scale_mode": "max"}, "min, median or rmse; found 'max'"),
    ("combine", "cagrad", {"c": 1.0}, "c must be in [0, 1); found 1.0"),
    ("combine", "gradvac", {"beta": 0.0}, "beta must be in (0, 1]; found 0.0"),
    ("combine", "gradnorm", {"alpha": float("inf")}, "alpha must be finite; found inf"),
]


@pytest.mark.parametrize(("role", "name", "parameters", "said"), REFUSED)
def test_parameter_out_of_range_is_refused_with_its_value(
    role: str, name: str, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        build(role, name, **parameters)


TWO_CLASSES = TrainStats(counts=(8, 2), mean_box=(0.5, 0.5, 0.4, 0.1), n=10)


@pytest.mark.parametrize(
    ("role", "name", "parameters"),
    [
        ("classification", "focal", {"weight": [1.0, 2.0, 3.0]}),
        ("classification", "weighted_cross_entropy", {"weight": [1.0, 2.0, 3.0]}),
        ("classification", "sigmoid_focal", {"alpha": [0.1, 0.2, 0.3]}),
        ("classification", "balanced_cross_entropy", {"alpha": [0.1, 0.2, 0.3]}),
        ("reduce", "class_balanced", {"weight": [1.0, 2.0, 3.0]}),
    ],
)
def test_weights_for_another_number_of_classes_are_refused_when_bound(
    role: str, name: str, parameters: dict[str, list[float]]
) -> None:
    two = {key: values[:2] for key, values in parameters.items()}
    build(role, name, **two).bind(TWO_CLASSES)
    with pytest.raises(ValueError, match="each of 2 classes; found 3"):
        build(role, name, **parameters).bind(TWO_CLASSES)


def test_class_that_does_not_exist_cannot_be_mined() -> None:
    with pytest.raises(ValueError, match="one of 2 classes, 0 for C1; found 2"):
        build("reduce", "ratio_1_3", negative=2).bind(TWO_CLASSES)


@pytest.mark.parametrize("rule", ["balanced", "effective_number"])
def test_weights_from_counts_need_an_image_of_every_class(rule: str) -> None:
    stats = TrainStats(counts=(5, 0), mean_box=(0.5, 0.5, 0.3, 0.3), n=5)
    with pytest.raises(ValueError, match="image of every class; found the counts 5, 0"):
        build("classification", "weighted_cross_entropy", weight=rule).bind(stats)


@pytest.mark.parametrize(
    ("role", "name", "parameters"),
    [
        ("classification", "weighted_cross_entropy", {}),
        ("classification", "balanced_cross_entropy", {}),
        ("localisation", "nwd", {}),
        ("localisation", "encoded_smooth_l1", {"anchor": None}),
        ("reduce", "class_balanced", {}),
        ("reduce", "ratio_1_3", {}),
    ],
)
def test_what_needs_the_training_split_says_so_and_keeps_it_in_its_state(
    role: str, name: str, parameters: dict[str, Any]
) -> None:
    part = build(role, name, **parameters)
    labels, boxes = torch.tensor([0, 1]), torch.full((2, 4), 0.5)
    inputs = {
        "classification": (torch.zeros(2, 2), labels),
        "localisation": (boxes, boxes),
        "reduce": (torch.ones(2), torch.ones(2), labels),
    }[role]
    with pytest.raises(ValueError, match=r"comes from the training split: call bind\(stats\)"):
        part(*inputs)
    part.bind(TWO_CLASSES)
    assert part(*inputs).isfinite().all()
    assert part.state_dict()


def test_what_is_taken_from_the_training_split_is_what_the_docstrings_say() -> None:
    def bound(role: str, name: str, **parameters: Any) -> nn.Module:
        part = build(role, name, **parameters)
        part.bind(TWO_CLASSES)
        return part

    pred, target = torch.tensor([[0.5, 0.5, 0.2, 0.2]]), torch.tensor([[0.6, 0.6, 0.2, 0.2]])
    anchored = build("localisation", "encoded_smooth_l1", anchor=[0.4, 0.1])
    found = bound("localisation", "encoded_smooth_l1", anchor=None)(pred, target)
    torch.testing.assert_close(found, anchored(pred, target))
    sized = build("localisation", "nwd", constant=0.2)  # sqrt(.4 * .1)
    torch.testing.assert_close(bound("localisation", "nwd")(pred, target), sized(pred, target))
    assert int(bound("reduce", "ratio_1_3").negative) == 0
    logits, labels = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    by_hand = build("classification", "balanced_cross_entropy", alpha=[0.2, 0.8])
    found = bound("classification", "balanced_cross_entropy")(logits, labels)
    torch.testing.assert_close(found, by_hand(logits, labels))
