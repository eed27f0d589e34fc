"""A picture of what a loss does: its value, its gradient, and who sends the gradient."""

from collections.abc import Callable
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from solobox import boxes
from solobox.losses.gradient_scheme import GradientScheme
from solobox.types import TrainStats

STATS = TrainStats(counts=(60, 20), mean_box=(0.5, 0.5, 0.3, 0.3), n=80)
INLIER, OUTLIER = "tab:green", "tab:red"
EACH = 200  # samples in each of ten bins


def draw(role: str, part: nn.Module, path: Path, *, title: str) -> None:
    """Write the picture of a loss as a PNG.

    Args:
        role: classification, localisation, reduce or combine.
        part: the loss, not yet bound.
        path: of the file.
        title: shown above it.
    """
    if hasattr(part, "bind"):
        part.bind(STATS)  # type: ignore[operator]
    part = part.double().eval()
    figure = {
        "classification": _classification,
        "localisation": _localisation,
        "reduce": _reduce,
        "combine": _combine,
    }[role](part)
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def _localisation(loss: nn.Module) -> Figure:
    figure = Figure(figsize=(13, 3.8))
    value, gradient, share = figure.subplots(1, 3)
    target = torch.tensor([[0.5, 0.5, 0.3, 0.3]], dtype=torch.float64)
    error = torch.linspace(-0.28, 0.5, 400, dtype=torch.float64)
    for coordinate, label, style in ((0, "centre x off", "-"), (2, "width off", "--")):
        pred = target.repeat(len(error), 1)
        pred[:, coordinate] += error
        values, slopes = _value_and_gradient(lambda at: loss(at, target.expand_as(at)), pred)
        value.plot(error, values, style, label=label)
        gradient.plot(error, slopes[:, coordinate], style, label=label)
    for axis, what in ((value, "loss"), (gradient, "gradient at that coordinate")):
        _label(axis, "error, in image widths (the box is .3 x .3)", what)
        axis.legend(frameon=False)

    pred, truth = _boxes_of_every_iou()
    _, slopes = _value_and_gradient(lambda at: loss(at, truth), pred)
    _contributions(share, slopes.norm(dim=-1), "IoU of the predicted box", ("inliers", "outliers"))
    return figure


def _classification(loss: nn.Module) -> Figure:
    figure = Figure(figsize=(13, 3.8))
    value, gradient, share = figure.subplots(1, 3)
    lead = torch.linspace(-8, 8, 400, dtype=torch.float64)
    for axis, curve, what in zip(
        (value, gradient), _of_lead(loss, lead), ("loss", "norm of the gradient"), strict=True
    ):
        axis.plot(lead, curve)
        _label(axis, "lead of the true class, in logits", what)
    probability = (torch.arange(10 * EACH, dtype=torch.float64) + 0.5) / (10 * EACH)
    _, slopes = _of_lead(loss, probability.logit())
    _contributions(share, slopes, "probability of the true class", ("easy images", "hard images"))
    return figure


def _reduce(reduce: nn.Module) -> Figure:
    figure = Figure(figsize=(6.5, 3.8))
    axis = figure.subplots()
    n = 32
    difficulty = torch.linspace(0, 1, n, dtype=torch.float64)
    labels = (torch.arange(n) % 4 == 0).long()
    weights = reduce(0.1 + 2 * difficulty, 0.1 + difficulty, labels)
    for label, colour in ((0, "tab:blue"), (1, "tab:orange")):
        rows = (labels == label).nonzero().flatten()
        name = f"C{label + 1} ({len(rows)} of {n})"
        axis.bar(rows.tolist(), weights[rows].tolist(), color=colour, label=name)
    axis.axhline(1 / n, color="grey", linestyle=":", label="mean")
    _label(axis, "images of a batch, from the smallest to the largest losses", "weight")
    axis.legend(frameon=False)
    return figure


def _combine(combine: nn.Module) -> Figure:
    if isinstance(combine, GradientScheme):
        return _gradient_scheme(combine)
    figure = Figure(figsize=(9, 3.8))
    value, weight = figure.subplots(1, 2)
    ratio = torch.logspace(-3, 3, 301, dtype=torch.float64)
    one = torch.ones(1, dtype=torch.float64)
    totals, weights = [], []
    for ll in ratio:
        losses = torch.stack((one[0], ll)).requires_grad_()
        total = combine(losses[:1], losses[1:], one, 0)
        totals.append(total.item())
        weights.append(torch.autograd.grad(total, losses)[0])
    value.loglog(ratio, totals)
    for task, name in enumerate(("classification", "localisation")):
        weight.semilogx(ratio, [pair[task] for pair in weights], label=name)
    _label(value, "localisation loss (classification loss 1)", "combined loss")
    _label(weight, "localisation loss (classification loss 1)", "effective weight")
    weight.legend(frameon=False)
    return figure


def _gradient_scheme(scheme: GradientScheme) -> Figure:
    figure = Figure(figsize=(13, 3.8))
    ratio = torch.logspace(-3, 3, 301, dtype=torch.float64)
    losses = torch.ones(2, dtype=torch.float64)
    for axis, cosine in zip(figure.subplots(1, 3), (-0.5, 0.0, 0.5), strict=True):
        grams = [torch.tensor([[1, cosine * r], [cosine * r, r * r]]) for r in ratio.tolist()]
        weights = [scheme.weights(gram.double(), losses, 0).tolist() for gram in grams]
        for task, name in enumerate(("classification", "localisation")):
            axis.loglog(ratio, [abs(pair[task]) for pair in weights], label=name)
        axis.set_title(f"cosine of the gradients {cosine:+.1f}", size=10)
        _label(axis, "norm of the box gradient (class gradient 1)", "weight")
        axis.legend(frameon=False)
    return figure


def _contributions(axis: Axes, sizes: Tensor, what: str, names: tuple[str, str]) -> None:
    """How much of all gradient each tenth of the predictions sends, there being as many in each."""
    shares = 100 * sizes.view(10, EACH).sum(1) / sizes.sum().clamp(min=1e-300)
    middles = [(k + 0.5) / 10 for k in range(10)]
    colours = [OUTLIER] * 5 + [INLIER] * 5
    axis.bar(middles, shares.tolist(), width=0.09, color=colours)
    axis.axhline(10, color="grey", linestyle=":")
    axis.set_title(
        f"{names[0]} send {shares[5:].sum():.0f} %, {names[1]} {shares[:5].sum():.0f} %", size=10
    )
    _label(axis, f"{what} (as many in each tenth)", "share of the gradient, %")


def _of_lead(loss: nn.Module, lead: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and norm of its gradient (n,) where C1 is true and leads by so many logits (n,)."""
    logits = torch.stack((lead / 2, -lead / 2), dim=1)
    labels = torch.zeros(len(lead), dtype=torch.long)
    values, slopes = _value_and_gradient(lambda at: loss(at, labels), logits)
    return values, slopes.norm(dim=-1)


def _value_and_gradient(loss: Callable[[Tensor], Tensor], at: Tensor) -> tuple[Tensor, Tensor]:
    at = at.clone().requires_grad_()
    values = loss(at)
    return values.detach(), torch.autograd.grad(values.sum(), at)[0]


def _boxes_of_every_iou() -> tuple[Tensor, Tensor]:
    """Predictions and truths (10 EACH, 4), sorted by tenths of their IoU, as many in each."""
    draw = torch.Generator().manual_seed(0)
    n = 400 * EACH
    side = 0.1 + 0.4 * torch.rand(n, 2, generator=draw, dtype=torch.float64)
    truth = torch.cat((torch.full_like(side, 0.5), side), dim=1)
    noise = 10 ** (-2.5 + 2.5 * torch.rand(n, 1, generator=draw, dtype=torch.float64))
    offset = noise * torch.randn(n, 4, generator=draw, dtype=torch.float64)
    pred = torch.cat((truth[:, :2] + offset[:, :2] * side, side * offset[:, 2:].exp()), dim=1)
    tenth = (10 * boxes.iou(pred, truth)).long().clamp(max=9)
    kept = torch.cat([(tenth == k).nonzero().flatten()[:EACH] for k in range(10)])
    return pred[kept], truth[kept]


def _label(axis: Axes, x: str, y: str) -> None:
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    axis.grid(alpha=0.3)
    axis.set_axisbelow(True)
