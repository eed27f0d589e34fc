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

from solobox.losses import ROLES, available, build
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
every_combine = pytest.mark.parametrize("name", COMBINE)
two_and_five_classes = pytest.mark.parametrize("classes", [2, 5])
both_floats = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
draws = settings(max_examples=40, deadline=None, derandomize=True, database=None)


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
    defaults = {p.name: p.default for p in parameters_of(kind)}
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
    assert set(choices) >= set(ROLES)
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
@both_floats
def test_classification_is_finite_and_non_negative_for_every_certainty(
    name: str, classes: int, dtype: torch.dtype
) -> None:
    part = made("classification", name, classes).to(dtype)
    logits, labels = contracts.degenerate_logits(classes, dtype)
    contracts.assert_finite(part, logits, labels)
    contracts.assert_non_negative(part, logits, labels)


@every_classification
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
@both_floats
def test_localisation_is_finite_on_degenerate_boxes(name: str, dtype: torch.dtype) -> None:
    part = made("localisation", name).to(dtype)
    contracts.assert_finite(part, *contracts.degenerate_boxes(dtype))


@every_localisation
def test_localisation_is_non_negative_on_degenerate_boxes(name: str) -> None:
    part = made("localisation", name)
    contracts.assert_non_negative(part, *contracts.degenerate_boxes(torch.float64))


@every_localisation
@given(seed=st.integers(0, 2**32), smallest=st.sampled_from([1e-8, 1e-4, 1e-2, 0.5]))
@draws
def test_localisation_of_random_boxes_is_finite_non_negative_and_zero_when_perfect(
    name: str, seed: int, smallest: float
) -> None:
    torch.manual_seed(seed)
    pred, target = contracts.random_boxes(256, smallest), contracts.random_boxes(256, smallest)
    part = made("localisation", name)
    contracts.assert_finite(part, pred, target)
    contracts.assert_non_negative(part, pred, target)
    contracts.assert_perfect_box_costs_nothing(part, target)


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
    logits = logits.to(dtype).requires_grad_()
    box = contracts.random_boxes(8, dtype=dtype).requires_grad_()
    parts = objective(Prediction(logits, box), labels, contracts.random_boxes(8, dtype=dtype), 0)
    assert {part.dtype for part in parts} == {torch.float32}
    assert all(part.isfinite().all() for part in parts)
    for gradient in torch.autograd.grad(parts.total, (logits, box), materialize_grads=True):
        assert gradient.isfinite().all()


REFUSED = [
    ("classification", "cross_entropy", {"label_smoothing": 1.0}, "1.0"),
    ("classification", "cross_entropy", {"label_smoothing": -0.1}, "-0.1"),
    ("classification", "focal", {"gamma": -0.5}, "-0.5"),
    ("classification", "focal", {"weight": [1.0, -2.0]}, "-2.0"),
    ("localisation", "smooth_l1", {"beta": 0.0}, "0.0"),
    ("localisation", "balanced_l1", {"alpha": 0.0}, "alpha must be > 0; found 0.0"),
    ("localisation", "balanced_l1", {"gamma": -1.5}, "gamma must be > 0; found -1.5"),
    ("localisation", "balanced_l1", {"beta": 0.0}, "beta must be > 0; found 0.0"),
    ("combine", "weighted", {"alpha": -1.0}, "alpha=-1.0"),
    ("combine", "weighted", {"alpha": 0.0, "beta": 0.0}, "alpha=0.0, beta=0.0"),
    ("combine", "max", {"beta": 0.0}, "beta=0.0"),
]


@pytest.mark.parametrize(("role", "name", "parameters", "said"), REFUSED)
def test_parameter_out_of_range_is_refused_with_its_value(
    role: str, name: str, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        build(role, name, **parameters)


def test_focal_refuses_weights_for_another_number_of_classes() -> None:
    stats = TrainStats(counts=(5, 5), mean_box=(0.5, 0.5, 0.3, 0.3), n=10)
    build("classification", "focal", weight=[1.0, 2.0]).bind(stats)
    with pytest.raises(ValueError, match="each of 2 classes; found 3"):
        build("classification", "focal", weight=[1.0, 2.0, 3.0]).bind(stats)
