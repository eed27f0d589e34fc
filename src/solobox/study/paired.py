"""Is A better than B? Two configurations on the same images, with the same seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

POWER = 0.8  # of the number of seeds that would be needed
MOST_SEEDS = 1000  # beyond that nobody trains them


@dataclass(frozen=True)
class Comparison:
    """A minus B, in the metric's unit.

    Attributes:
        difference: mean over seeds and images.
        half: half of the 95 % interval.
        p: of no difference, two-sided.
        seeds, images: how many were compared.
        of_seeds: part of the variance of `difference` that more seeds would reduce, times seeds.
        of_images: part that only more images would reduce.
    """

    difference: float
    half: float
    p: float
    seeds: int
    images: int
    of_seeds: float
    of_images: float

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.difference - self.half

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.difference + self.half


def compare(a: NDArray[np.float64], b: NDArray[np.float64]) -> Comparison:
    """Compare two configurations; both seeds and images are a sample of all there could be.

    The difference of each seed on each image is seed + image + rest (two-way random effects,
    crossed, one value a cell). The mean squares of an analysis of variance give the variance of
    the grand mean, (MS_seed + MS_image - MS_rest) / (S I), and its degrees of freedom
    (Satterthwaite); the interval is Student's. With one seed only images vary.

    Args:
        a: (S, I) what configuration A scored with each seed on each image.
        b: (S, I) the same of B; row for row the same seed, column for column the same image.

    Raises:
        ValueError: shapes differ, or fewer than two images.

    Reference:
        Satterthwaite, "An approximate distribution of estimates of variance components",
        Biometrics Bulletin 2, 1946.
    """
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] < 2:
        raise ValueError(
            f"a and b must be (seeds, images >= 2), alike; found {a.shape} and {b.shape}"
        )
    d = a - b
    s, i = d.shape
    mean = float(d.mean())
    by_seed, by_image = d.mean(1), d.mean(0)
    ms_image = s * float(by_image.var(ddof=1))
    if s == 1:
        variance, freedom, of_seeds, of_images = ms_image / i, i - 1.0, 0.0, ms_image / i
    else:
        ms_seed = i * float(by_seed.var(ddof=1))
        rest = d - by_seed[:, None] - by_image[None] + mean
        ms_rest = float((rest**2).sum()) / ((s - 1) * (i - 1))
        parts = ms_seed + ms_image - ms_rest
        # The estimate can come out too small by chance, even below 0; simulations of many kinds of
        # noise (scripts/bench_study.py) flag the right 5 % with this floor.
        total = max(parts, (ms_seed + ms_image) / 2)
        variance = total / (s * i)
        spread = ms_seed**2 / (s - 1) + ms_image**2 / (i - 1) + ms_rest**2 / ((s - 1) * (i - 1))
        freedom = total**2 / spread if spread else math.inf
        of_images = max(0.0, ms_image - ms_rest) / (s * i)
        of_seeds = max(0.0, variance - of_images) * s
    error = math.sqrt(variance)
    if not error:  # every difference is the same, as of a run with itself
        return Comparison(mean, 0.0, 1.0 if mean == 0 else 0.0, s, i, 0.0, 0.0)
    return Comparison(
        mean,
        float(stats.t.ppf(0.975, freedom)) * error,
        2 * float(stats.t.sf(abs(mean) / error, freedom)),
        s, i, of_seeds, of_images,
    )  # fmt: skip


def seeds_needed(comparison: Comparison, wanted: float) -> int | None:
    """Seeds with which a true difference `wanted` would be seen four times in five.

    Returns:
        The number, or None if no number of seeds would do, since the images are too few.
    """
    seeds, factors = _detectable()
    error = np.sqrt(comparison.of_seeds / seeds + comparison.of_images)
    enough = seeds[factors * error <= wanted]
    return int(enough[0]) if len(enough) else None


@lru_cache(maxsize=1)
def _detectable() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers of seeds, and the errors by which a difference must be off 0 to be seen with each."""
    seeds = np.arange(2, MOST_SEEDS)
    return seeds, stats.t.ppf(0.975, seeds - 1) + stats.t.ppf(POWER, seeds - 1)


def mcnemar(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Images on which A is right more often than B, the other way round, and the mid-p value.

    Args:
        a: (S, I) what A had right. With one seed this is McNemar's test; with several an image
            counts for the configuration that was right with more of them.
        b: (S, I) the same of B.

    Reference:
        Fagerland, Lydersen, Laake, "The McNemar test for binary matched-pairs data: mid-p and
        asymptotic are better than exact conditional", BMC Med. Res. Methodol. 13:91, 2013.
    """
    more = a.sum(0) - b.sum(0)
    only_a, only_b = int((more > 0).sum()), int((more < 0).sum())
    n = only_a + only_b
    if not n:
        return 0, 0, 1.0
    fewer = min(only_a, only_b)
    point = float(stats.binom.pmf(fewer, n, 0.5))
    return only_a, only_b, min(1.0, 2 * float(stats.binom.cdf(fewer, n, 0.5)) - point)


def holm(p: Sequence[float], among: int | None = None) -> list[float]:
    """P values corrected for how many they are (Holm, Scand. J. Statist. 6, 1979).

    Args:
        p: uncorrected.
        among: how many they would be with those that were not computed; these can only make a
            corrected value smaller.
    """
    total = len(p) if among is None else among
    order = np.argsort(p)
    corrected, highest = [0.0] * len(p), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (total - rank) * p[index]))
        corrected[index] = highest
    return corrected
