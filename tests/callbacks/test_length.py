"""A run that ends in its time."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from tests.command import SMALL, Outcome

from solobox.callbacks.clock import Clock
from solobox.callbacks.length import Length

Train = Callable[..., Outcome]


class Module:
    """As much of a module as Length looks at."""

    def __init__(self, steps: int) -> None:
        self.steps = steps


class Trainer:
    """A trainer with ten steps an epoch."""

    num_training_batches, accumulate_grad_batches = 10, 1

    def __init__(self) -> None:
        self.global_step, self.should_stop = 0, False


class Ticking(Clock):
    """A clock that the test moves."""

    now = 0.0
    seconds = property(lambda self: self.now)  # type: ignore[assignment]


def run(
    limit: float, pace: Callable[[int], float], most: int = 1000, validation: float = 0.0
) -> tuple[Any, Any, Any]:
    """Train with so many seconds an epoch and a validation until Length ends it."""
    clock, trainer, module = Ticking(), Trainer(), Module(most)
    length = Length(most, clock, limit)
    length.on_train_start(trainer, module)  # type: ignore[arg-type]
    for epoch in range(most):
        for _ in range(10):
            clock.now += pace(epoch) / 10
            trainer.global_step += 1
            length.on_train_batch_end(trainer, module)  # type: ignore[arg-type]
            if trainer.should_stop:
                break
        clock.now += validation
        clock.validation += validation
        length.on_train_epoch_end(trainer, module)  # type: ignore[arg-type]
        if trainer.should_stop:
            break
    return clock, trainer, module


def test_it_uses_the_time_and_ends_at_the_end_of_the_schedule() -> None:
    for limit in (60.0, 7.0):
        clock, trainer, module = run(limit, lambda epoch: 2.9 if epoch == 0 else 2.0)
        assert 0.95 * limit <= clock.now <= limit
        assert trainer.global_step == module.steps


def test_the_last_validation_has_its_time() -> None:
    clock, trainer, module = run(60.0, lambda _: 4.0, validation=3.0)
    assert 54.0 <= clock.now <= 60.0
    assert trainer.global_step == module.steps


def test_pace_that_changes_is_followed() -> None:
    clock, trainer, module = run(60.0, lambda epoch: 2.0 if epoch < 10 else 4.0)
    assert 54.0 <= clock.now <= 60.0
    assert trainer.global_step / module.steps > 0.9


def test_an_epoch_longer_than_the_time_is_cut_off() -> None:
    clock, _, _ = run(5.0, lambda _: 100.0)
    assert clock.now <= 20.0


def test_steps_come_first_where_there_are_fewer() -> None:
    _, trainer, _ = run(1000.0, lambda _: 1.0, most=50)
    assert trainer.global_step == 50


def test_learning_rate_has_come_down_when_time_is_over(train: Train) -> None:
    outcome = train(*SMALL, "trainer.max_epochs=100000", "trainer.max_time=4")
    with open(outcome.run / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    rates = [float(row["lr"]) for row in rows]
    assert rates[-1] < 0.1 * max(rates)
    assert float(rows[-1]["seconds"]) == pytest.approx(4, abs=2)
