"""Do the statistics of `solobox study` keep their word? `make bench` prints this.

    python scripts/bench_study.py

Draws studies whose truth is known: images of different difficulty, configurations that find some
images easier than others do, lucky and unlucky seeds, and noise. A/A: four configurations that
are the same; how many of 200 studies call any two of them different? Coverage: how many of 2,000
intervals hold the true difference?
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from solobox.study.paired import compare, holm

STUDIES, INTERVALS = 200, 2000
TRUTH = 2_000_000  # images on which the true difference is taken, each with a seed of its own
Scores = NDArray[np.float64]
KINDS: dict[str, Callable[[Scores], Scores]] = {
    "mean IoU": lambda x: 1 / (1 + np.exp(-x - 1)),
    "Top-1 Loc@.5": lambda x: (x > -1).astype(np.float64),
}


def drawn(
    rng: np.random.Generator, configurations: int, seeds: int, images: int, lead: float
) -> Scores:
    """Hidden quality (C, S, I); the first configuration leads by `lead`."""
    image = rng.normal(0, 1.2, images)
    taste = rng.normal(0, 0.25, (configurations, 1, images)) if lead else 0.0
    luck = rng.normal(0, 0.08, (configurations, seeds, 1))
    rest = rng.normal(0, 0.5, (configurations, seeds, images))
    quality = image + taste + luck + rest
    quality[0] += lead
    return quality


def main() -> None:
    """Print both figures for both metrics and several sizes."""
    rng = np.random.default_rng(0)
    print("metric, seeds, images | A/A studies flagged | intervals that hold the truth")
    for name, score in KINDS.items():
        noise = np.sqrt(1.2**2 + 0.25**2 + 0.08**2 + 0.5**2)
        x = rng.normal(0, noise, TRUTH)
        truth = float((score(x + 0.3) - score(x)).mean())
        for seeds, images in ((3, 44), (5, 44), (5, 200), (5, 1024)):
            flagged = 0
            for _ in range(STUDIES):
                scores = score(drawn(rng, 4, seeds, images, 0.0))
                p = [compare(x, y).p for x, y in combinations(scores, 2)]
                flagged += min(holm(p)) < 0.05
            held = 0
            for _ in range(INTERVALS):
                a, b = score(drawn(rng, 2, seeds, images, 0.3))
                found = compare(a, b)
                held += found.low <= truth <= found.high
            print(f"{name}, {seeds}, {images} | {flagged / STUDIES:.1%} | {held / INTERVALS:.1%}")


if __name__ == "__main__":
    main()
