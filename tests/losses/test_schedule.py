"""What is minimised when."""

import json
from typing import Any

import pytest

from solobox.losses import available, build
from solobox.losses.schedule.cycle import Cycle

RECALL, PRECISION = "val/recall_macro_loc_50", "val/precision_macro_loc_50"


@pytest.mark.parametrize("name", available("schedule"))
def test_state_is_plain_and_brings_a_schedule_back_to_where_it_was(name: str) -> None:
    first, second = build("schedule", name), build("schedule", name)
    for step in range(5):
        first.advance(step, step, step / 5)
        first.observe({RECALL: 0.95, PRECISION: 0.1})
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    second.advance(4, 4, 0.8)
    assert (second.phase_name, second.lr) == (first.phase_name, first.lr)
    for schedule in (first, second):
        schedule.observe({RECALL: 0.1, PRECISION: 0.95})
    assert second.phase_name == first.phase_name


def test_constant_has_one_phase_that_replaces_nothing() -> None:
    schedule = build("schedule", "constant")
    schedule.advance(10, 3, 0.5)
    schedule.observe({})
    assert schedule.replaced(schedule.phase_name) == {}
    assert (schedule.phase, schedule.lr, schedule.scale) == (0, 1.0, (1.0, 1.0))


@pytest.mark.parametrize(("progress", "factor"), [(0.0, 0.2), (0.25, 0.6), (0.5, 1.0), (1.0, 1.0)])
def test_ramp_moves_one_factor_in_a_line(progress: float, factor: float) -> None:
    for task, expected in (("localisation", (1.0, factor)), ("classification", (factor, 1.0))):
        schedule = build("schedule", "ramp", task=task, start=0.2, over=0.5)
        schedule.advance(0, 0, progress)
        assert schedule.scale == pytest.approx(expected)


@pytest.mark.parametrize("unit", ["epoch", "step"])
def test_stages_change_when_their_time_has_come(unit: str) -> None:
    phases = {"a": {"at": 0, "localisation": "l1"}, "b": {"at": 3, "lr": 0.1}, "c": {"at": 7}}
    schedule = build("schedule", "stages", unit=unit, phases=phases)
    seen = []
    for now in range(9):
        schedule.advance(*((now, 0) if unit == "step" else (100, now)), 0.0)
        seen.append(schedule.phase_name)
    assert seen == ["a"] * 3 + ["b"] * 4 + ["c"] * 2
    assert schedule.replaced("a") == {"localisation": "l1"}


def cycle(**parameters: Any) -> Cycle:
    return build("schedule", "cycle", **parameters)


def phases_seen(schedule: Cycle, values: list[tuple[float, float]]) -> list[str]:
    seen = []
    for recall, precision in values:
        schedule.observe({RECALL: recall, PRECISION: precision})
        seen.append(schedule.phase_name)
    return seen


def test_cycle_goes_on_when_its_metric_is_good_and_round_again() -> None:
    values = [(0.5, 0.3), (0.91, 0.5), (0.9, 0.8), (0.8, 0.92), (0.95, 0.7)]
    assert phases_seen(cycle(), values) == [
        "recall", "precision", "precision", "recall", "precision",
    ]  # fmt: skip


def test_cycle_stays_where_it_is_while_the_next_phase_has_nothing_to_mend() -> None:
    # both hover around good: without the margin they would swap at every validation
    values = [(0.91, 0.89), (0.91, 0.885), (0.91, 0.87), (0.885, 0.91), (0.87, 0.91)]
    assert phases_seen(cycle(), values) == ["recall", "recall", "precision", "precision", "recall"]


def test_cycle_keeps_a_phase_for_its_shortest_and_ends_it_at_its_longest_time() -> None:
    assert phases_seen(cycle(shortest=3), [(0.95, 0.1)] * 4) == ["recall"] * 2 + ["precision"] * 2
    assert phases_seen(cycle(longest=2), [(0.1, 0.1)] * 5) == [
        "recall", "precision", "precision", "recall", "recall",
    ]  # fmt: skip


def test_a_phase_has_a_learning_rate_of_its_own() -> None:
    schedule = cycle()
    assert schedule.lr == 1.0
    phases_seen(schedule, [(0.95, 0.1)])
    assert schedule.lr == 0.1


ONE = {"until": RECALL, "good": 0.9}


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("ramp", {"task": "box"}, "task must be classification or localisation; found 'box'"),
        ("ramp", {"over": 0.0}, "over must be in (0, 1]; found 0.0"),
        ("ramp", {"end": 0.0}, "end must be > 0; found 0.0"),
        ("stages", {"unit": "hour"}, "unit must be epoch or step; found 'hour'"),
        ("stages", {"phases": {"a": {"at": 1}}}, "start at 0 and follow each other; found [1]"),
        ("stages", {"phases": {"a": {"at": 0}, "b": {"at": 0}}}, "found [0, 0]"),
        ("stages", {"phases": {"a": {}}}, "phase a needs at"),
        ("stages", {"phases": {}}, "at least one NAME: {...}; found {}"),
        ("stages", {"phases": {"a": {"at": 0, "loss": "l1"}}}, "lr, reduce; found loss"),
        ("stages", {"phases": {"a": {"at": 0, "lr": 0.0}}}, "lr of phase a must be > 0; found 0.0"),
        ("cycle", {"phases": {"a": ONE}}, "two or more; found a"),
        ("cycle", {"phases": {"a": ONE, "b": {"good": 0.5}}}, "phase b needs until"),
        ("cycle", {"phases": {"a": ONE, "b": ONE | {"good": 2}}}, "good of phase b must be in"),
        ("cycle", {"margin": -0.1}, "margin must be >= 0; found -0.1"),
        ("cycle", {"shortest": 5, "longest": 2}, "longest must be >= shortest; found 2 and 5"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(
    name: str, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError) as error:
        build("schedule", name, **parameters)
    assert said in str(error.value)
