"""Learning-rate factors over a run."""

import pytest

from solobox.engine.schedule import Constant, Cosine


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


@pytest.mark.parametrize("wrong", [{"warmup": 1.0}, {"warmup": -0.1}, {"floor": 1.1}])
def test_a_number_out_of_range_is_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=str(next(iter(wrong.values())))):
        Cosine(**wrong)
