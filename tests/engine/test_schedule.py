"""Learning-rate factors over a run."""

import re
from typing import Any

import pytest
import torch

from solobox.engine.schedule import Constant, Cosine, OneCycle, Step


def test_cosine_warms_up_peaks_once_and_ends_at_its_floor() -> None:
    factor = Cosine(warmup=0.1, floor=0.01)
    assert factor(0.0) == pytest.approx(0.01)
    assert factor(0.1) == pytest.approx(1.0)
    assert factor(0.55) == pytest.approx(0.505)
    assert factor(1.0) == pytest.approx(0.01)
    values = [factor(0.1 + 0.9 * i / 50) for i in range(51)]
    assert values == sorted(values, reverse=True)


def test_without_warm_up_it_starts_at_the_top() -> None:
    assert Cosine(warmup=0.0)(0.0) == 1.0


def test_constant_stays() -> None:
    assert {Constant()(p / 10) for p in range(11)} == {1.0}


def test_constant_warms_up_if_asked() -> None:
    factor = Constant(warmup=0.2)
    assert [factor(0.0), factor(0.1), factor(0.2), factor(1.0)] == pytest.approx([0, 0.5, 1, 1])


def test_one_cycle_rises_to_its_peak_and_ends_near_nothing() -> None:
    factor = OneCycle(rise=0.25, start=0.04, end=1e-4)
    assert [factor(0.0), factor(0.25), factor(1.0)] == pytest.approx([0.04, 1.0, 1e-4])
    assert factor(0.125) == pytest.approx(0.52)
    rising = [factor(0.25 * i / 20) for i in range(21)]
    falling = [factor(0.25 + 0.75 * i / 20) for i in range(21)]
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)


def test_one_cycle_is_torchs() -> None:
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=101, pct_start=0.3, div_factor=25,
        final_div_factor=1e4 / 25, cycle_momentum=False,
    )  # fmt: skip
    factor = OneCycle(rise=0.293, start=0.04, end=1e-4)
    for step in range(101):
        assert factor(step / 100) == pytest.approx(theirs.get_last_lr()[0], abs=0.02)
        optimizer.step()
        if step < 100:
            theirs.step()


def test_step_falls_at_each_milestone() -> None:
    factor = Step(milestones=[0.5, 0.75], gamma=0.1, warmup=0.1)
    found = [factor(p) for p in (0.05, 0.1, 0.49, 0.5, 0.74, 0.75, 1.0)]
    assert found == pytest.approx([0.5, 1, 1, 0.1, 0.1, 0.01, 0.01])


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (Cosine, {"warmup": 1.0}),
        (Cosine, {"warmup": -0.1}),
        (Cosine, {"floor": 1.1}),
        (Constant, {"warmup": 1.5}),
        (OneCycle, {"rise": 0.0}),
        (OneCycle, {"start": 1.5}),
        (OneCycle, {"end": -0.5}),
        (Step, {"gamma": 0.0}),
        (Step, {"milestones": [0.8, 0.4]}),
        (Step, {"milestones": [1.2]}),
    ],
)
def test_a_number_out_of_range_is_named(kind: type, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=re.escape(str(next(iter(wrong.values()))))):
        kind(**wrong)
