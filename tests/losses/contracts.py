"""What every loss promises, as plain assertions; test_contracts.py runs them on every leaf.

Three promises are read off the class's docstring, so that a new leaf needs no edit here: a Shape
that bounds the loss by 0 (`>= 0`, `in [0, 2)`) promises 0 for a perfect answer, one that says
`> 0` does not; a gradient that is not the derivative of the value is called `detached`; and one
that is zero while the boxes are apart is called `no gradient`.
"""

import copy
import itertools

import torch
from torch import Tensor, nn

SIDES = (0.0, 1e-8, 1e-4, 0.3, 1.0)
CENTRES = ((0.5, 0.5), (-0.2, 0.5), (1.0, 1.3))
SCORES = (-1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4)


def degenerate_boxes(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """All pairs of empty, tiny and full boxes: identical, nested, disjoint, outside the image."""
    each = [(*centre, w, h) for centre in CENTRES for w in SIDES for h in SIDES]
    boxes = torch.tensor(each, dtype=dtype)
    n = len(boxes)
    return boxes.repeat_interleave(n, 0), boxes.repeat(n, 1)


def degenerate_logits(classes: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Every pair of scores from none to overwhelming for two of the classes, with each label."""
    rows = [(a, *[0.5] * (classes - 2), b) for a, b in itertools.product(SCORES, SCORES)]
    rows.append((2.0,) * classes)
    logits = torch.tensor(rows, dtype=dtype)
    labels = torch.arange(classes).repeat_interleave(len(logits))
    return logits.repeat(classes, 1), labels


def random_boxes(n: int, smallest: float = 1e-2, dtype: torch.dtype = torch.float64) -> Tensor:
    """Boxes (n, 4) inside the image, sides between `smallest` and 1, small ones as often."""
    sides = smallest ** torch.rand(n, 2, dtype=torch.float64)
    centres = sides / 2 + (1 - sides) * torch.rand(n, 2, dtype=torch.float64)
    return torch.cat((centres, sides), dim=1).to(dtype)


def improvable_boxes(n: int = 64) -> dict[str, tuple[Tensor, Tensor]]:
    """Pairs (pred, target) that differ, by how they lie: none of them is where a loss should rest.

    Nested boxes share no edge and no centre, so that no term of a loss is at its own minimum.
    """
    side = 0.05 + 0.15 * torch.rand(n, 2, dtype=torch.float64)
    low = torch.cat((0.2 + 0.1 * torch.rand(n, 2, dtype=torch.float64), side), dim=1)
    high = torch.cat((0.7 + 0.1 * torch.rand(n, 2, dtype=torch.float64), 1.1 * side), dim=1)
    touching = torch.cat((low[:, :1] + low[:, 2:3], low[:, 1:]), dim=1)
    inner = torch.cat((low[:, :2] + 0.05 * side, 0.5 * side), dim=1)
    tiny = low * torch.tensor([1.0, 1.0, 1e-3, 1e-3], dtype=torch.float64)
    near_tiny = tiny.clone()
    near_tiny[:, :2] += tiny[:, 2:] / 4
    return {
        "overlapping": overlapping_boxes(n),
        "touching": (touching, low),
        "inside": (inner, low),
        "around": (low, inner),
        "apart": (low, high),
        "tiny": (near_tiny, tiny * torch.tensor([1.0, 1.0, 0.8, 1.2], dtype=torch.float64)),
    }


def overlapping_boxes(n: int) -> tuple[Tensor, Tensor]:
    """Pairs of ordinary boxes that overlap in part, away from the kinks of every loss."""
    target = 0.4 + 0.2 * torch.rand(n, 4, dtype=torch.float64)
    sign = torch.tensor([1.0, -1.0], dtype=torch.float64)[torch.randint(2, (n, 4))]
    return target + sign * (0.02 + 0.05 * torch.rand(n, 4, dtype=torch.float64)), target


def random_logits(n: int, classes: int) -> tuple[Tensor, Tensor]:
    return 2 * torch.randn(n, classes, dtype=torch.float64), torch.randint(classes, (n,))


def shape_of(part: nn.Module) -> str:
    """What the class's docstring says under Shape."""
    return (type(part).__doc__ or "").partition("Shape:")[2].partition("\n\n")[0]


def promises_zero(part: nn.Module) -> bool:
    return ">= 0" in shape_of(part) or "in [0," in shape_of(part)


def promises_derivative(part: nn.Module) -> bool:
    return "detached" not in (type(part).__doc__ or "")


def promises_a_pull_when_apart(part: nn.Module) -> bool:
    return "no gradient" not in " ".join((type(part).__doc__ or "").lower().split())


def assert_one_value_a_sample(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    values = loss(answer, truth)
    assert values.shape == (len(answer),)
    assert values.dtype == answer.dtype


def assert_finite(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    """Value and gradient of every sample are finite."""
    answer = answer.clone().requires_grad_()
    values = loss(answer, truth)
    (gradient,) = torch.autograd.grad(values, answer, torch.ones_like(values))
    broken = ~(values.isfinite() & gradient.isfinite().all(-1))
    assert not broken.any(), f"not finite at {answer[broken][:3]} against {truth[broken][:3]}"


def assert_non_negative(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    values = loss(answer, truth)
    assert (values >= -1e-6).all(), f"found {values.min()} at {answer[values.argmin()]}"


def assert_perfect_box_costs_nothing(loss: nn.Module, boxes: Tensor) -> None:
    if promises_zero(loss):
        torch.testing.assert_close(
            loss(boxes, boxes), torch.zeros(len(boxes)).to(boxes), atol=1e-6, rtol=0
        )


def assert_perfect_class_costs_nothing(loss: nn.Module, classes: int) -> None:
    """Zero is reached by a clear winner, or by the one-hot vector where that is regressed."""
    if promises_zero(loss):
        labels = torch.arange(classes)
        one_hot = torch.eye(classes, dtype=torch.float64)
        answers = (one_hot, 100 * one_hot, 100 * (2 * one_hot - 1))
        assert min(loss(answer, labels).abs().max() for answer in answers) < 1e-6


def assert_wrong_costs_more_than_right(
    loss: nn.Module, right: Tensor, wrong: Tensor, truth: Tensor
) -> None:
    assert (loss(right, truth) < loss(wrong, truth)).all()


def assert_order_of_samples_does_not_matter(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    order = torch.randperm(len(answer))
    again = copy.deepcopy(loss)  # of a loss with a running mean, from the same state
    torch.testing.assert_close(again(answer[order], truth[order]), loss(answer, truth)[order])


def assert_pulls(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    """Every sample has a gradient that is not zero."""
    answer = answer.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(answer, truth).sum(), answer)
    still = ~gradient.any(-1)
    assert not still.any(), f"no gradient at {answer[still][:3]} against {truth[still][:3]}"


def assert_float32_is_as_good(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    """Values and gradients of float32 inputs are those of the same numbers in float64."""

    def computed(dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        at = answer.float().to(dtype).requires_grad_()
        true = truth.float().to(dtype) if truth.is_floating_point() else truth
        values = copy.deepcopy(loss).to(dtype)(at, true)
        (gradient,) = torch.autograd.grad(values.sum(), at)
        return values.double(), gradient.double()

    for found, exact in zip(computed(torch.float32), computed(torch.float64), strict=True):
        scale = exact.abs().amax().clamp(max=1).item()
        torch.testing.assert_close(found, exact, rtol=1e-4, atol=1e-5 * scale)


def assert_gradient_is_the_derivative(loss: nn.Module, answer: Tensor, truth: Tensor) -> None:
    if promises_derivative(loss):
        answer = answer.clone().requires_grad_()
        assert torch.autograd.gradcheck(lambda at: copy.deepcopy(loss)(at, truth), answer)


def assert_weights(reduce: nn.Module, lc: Tensor, ll: Tensor, labels: Tensor) -> None:
    """One detached weight >= 0 a sample, in the losses' dtype, summing to 1."""
    weights = reduce(lc, ll, labels)
    assert weights.shape == lc.shape
    assert weights.dtype == lc.dtype
    assert not weights.requires_grad
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(), torch.ones_like(weights.sum()))


def assert_weights_follow_their_samples(
    reduce: nn.Module, lc: Tensor, ll: Tensor, labels: Tensor
) -> None:
    order = torch.randperm(len(lc))
    permuted = copy.deepcopy(reduce)(lc[order], ll[order], labels[order])
    torch.testing.assert_close(permuted, reduce(lc, ll, labels)[order])


def assert_one_number(combine: nn.Module, lc: Tensor, ll: Tensor, weights: Tensor) -> None:
    """A finite scalar, whose gradients at both losses and at what is learned are finite."""
    lc, ll = lc.clone().requires_grad_(), ll.clone().requires_grad_()
    total = combine(lc, ll, weights, 0)
    assert total.shape == ()
    assert total.isfinite()
    wanted = [lc, ll, *combine.parameters()]
    gradients = torch.autograd.grad(total, wanted, materialize_grads=True)
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients[:2]), "neither task gets a gradient"


def assert_derivative_of_both(combine: nn.Module, lc: Tensor, ll: Tensor, weights: Tensor) -> None:
    if promises_derivative(combine):
        lc, ll = lc.clone().requires_grad_(), ll.clone().requires_grad_()
        assert torch.autograd.gradcheck(
            lambda at_c, at_l: copy.deepcopy(combine)(at_c, at_l, weights, 0), (lc, ll)
        )


def assert_batch_order_does_not_matter(
    combine: nn.Module, lc: Tensor, ll: Tensor, weights: Tensor
) -> None:
    order = torch.randperm(len(lc))
    again = copy.deepcopy(combine)(lc[order], ll[order], weights[order], 0)
    torch.testing.assert_close(again, combine(lc, ll, weights, 0))
