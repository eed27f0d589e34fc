"""A model that says the same for every image."""

from collections.abc import Callable

import pytest
import torch
from tests.command import SMALL, Outcome

from solobox.callbacks.collapse import ADVICE, signs

Train = Callable[..., Outcome]


def test_healthy_predictions_show_no_sign() -> None:
    boxes = 0.2 + 0.6 * torch.rand(32, 4)
    assert not any(signs(torch.arange(32) % 2, boxes, torch.arange(32) % 2).values())


@pytest.mark.parametrize("name", ADVICE)
def test_each_collapse_has_its_sign(name: str) -> None:
    predicted, boxes = torch.arange(32) % 2, 0.2 + 0.6 * torch.rand(32, 4)
    if name == "one class":
        predicted = torch.zeros(32, dtype=torch.long)
    elif name == "same box":
        boxes = boxes[:1].repeat(32, 1)
    else:
        boxes[:20, 2] = 1.0
    found = signs(predicted, boxes, torch.arange(32) % 2)
    assert [key for key, holds in found.items() if holds] == [name]


def test_a_split_of_one_class_may_get_one_class() -> None:
    boxes = 0.2 + 0.6 * torch.rand(32, 4)
    nothing = torch.zeros(32, dtype=torch.long)
    assert not signs(nothing, boxes, nothing)["one class"]


def test_a_run_that_learns_nothing_is_warned_of_once_with_advice(train: Train) -> None:
    outcome = train(*SMALL, "trainer.max_epochs=5", "optimizer.lr=0.0")
    warnings = [line for line in outcome.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert "every image gets the same class" in warnings[0]
    assert "every image gets the same box" in warnings[1] and "combine=calibrated" in warnings[1]
    assert outcome.metrics["collapse"] == "one class, same box"


def test_a_short_run_is_not_warned_of(train: Train) -> None:
    outcome = train(*SMALL, "optimizer.lr=0.0")
    assert "warning" not in outcome.err and outcome.metrics["collapse"] is None


@pytest.mark.slow
def test_healthy_runs_raise_hardly_a_false_alarm(train: Train) -> None:
    """At most 1 in 100 short runs that do learn."""
    options = ("data.train=512", "data.val=64", "data.test=8", "data.size=32", "trainer=cpu",
               "trainer.max_epochs=4", "callbacks.box_images.count=0")  # fmt: skip
    alarms = 0
    for seed in range(100):
        outcome = train(*options, f"seed={seed}", f"hydra.run.dir=run{seed}")
        alarms += "warning: " in outcome.err
    assert alarms <= 1
