"""Paired comparisons: right as often as they say, and right against independent formulas."""

import numpy as np
import pytest
from scipy import stats

from solobox.study.paired import compare, holm, mcnemar, seeds_needed


def drawn(rng: np.random.Generator, seeds: int, images: int, seed_sd: float, effect: float = 0.0):
    """Scores (S, I) of A and B: an image's difficulty, a seed's luck, and the rest."""
    image = rng.normal(0, 1, images)
    own = rng.normal(0, 0.3, (2, images))
    luck = rng.normal(0, seed_sd, (2, seeds, 1))
    rest = rng.normal(0, 0.5, (2, seeds, images))
    a, b = image + own[:, None] + luck + rest
    return a + effect, b


def test_an_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        found = compare(*drawn(rng, 5, 100, 0.1, effect=0.7))
        held += found.low <= 0.7 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_two_that_are_alike_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(1)
    flagged = sum(compare(*drawn(rng, 5, 200, 0.1)).p < 0.05 for _ in range(400))
    assert flagged / 400 <= 0.07


def test_with_one_seed_it_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(1, 30)), rng.normal(size=(1, 30))
    theirs = stats.ttest_rel(a[0], b[0])
    ours = compare(a, b)
    interval = theirs.confidence_interval()
    assert ours.p == pytest.approx(theirs.pvalue)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))


def test_where_only_seeds_vary_it_is_the_t_test_over_seeds() -> None:
    luck = np.array([0.1, 0.4, -0.2, 0.3, 0.25])
    a = np.repeat(luck[:, None], 50, axis=1)
    ours = compare(a, np.zeros_like(a))
    assert ours.p == pytest.approx(stats.ttest_1samp(luck, 0).pvalue)


def test_a_run_with_itself_shows_no_difference() -> None:
    same = np.ones((3, 10))
    found = compare(same, same)
    assert (found.difference, found.half, found.p) == (0.0, 0.0, 1.0)


def test_more_seeds_are_needed_for_smaller_differences_and_never_help_with_few_images() -> None:
    rng = np.random.default_rng(3)
    noisy = compare(*drawn(rng, 5, 2000, 0.3))
    many, few = seeds_needed(noisy, 0.3), seeds_needed(noisy, 0.6)
    assert many is not None and few is not None and many > few > 1
    assert seeds_needed(compare(*drawn(rng, 5, 10, 0.01)), 0.02) is None


def test_as_many_seeds_as_it_asks_for_see_the_difference_four_times_in_five() -> None:
    rng = np.random.default_rng(4)
    big = compare(*drawn(rng, 40, 3000, 0.3))  # knows the variances well
    needed = seeds_needed(big, 0.4)
    assert needed is not None
    seen = sum(compare(*drawn(rng, needed, 1000, 0.3, effect=0.4)).p < 0.05 for _ in range(200))
    assert 0.7 <= seen / 200 <= 0.95


@pytest.mark.parametrize("other", [(3, 5), (2, 4)])
def test_scores_that_cannot_be_paired_are_refused(other: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="alike"):
        compare(np.zeros((3, 4)), np.zeros(other))


def test_mcnemar_of_one_seed_is_the_mid_p_test() -> None:
    a = np.array([[1] * 12 + [0] * 3 + [1] * 20], bool)
    b = np.array([[0] * 12 + [1] * 3 + [1] * 20], bool)
    exact = stats.binomtest(3, 15).pvalue
    only_a, only_b, p = mcnemar(a, b)
    assert (only_a, only_b) == (12, 3)
    assert p == pytest.approx(exact - stats.binom.pmf(3, 15, 0.5))
    assert mcnemar(a, a) == (0, 0, 1.0)
    assert mcnemar(a[:, :1], ~a[:, :1])[2] <= 1


def test_holm_keeps_the_order_and_never_shrinks_a_p_value() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
