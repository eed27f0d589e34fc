"""Who is best, who is better than whom, and in what words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from solobox.metrics import wilson
from solobox.study.configurations import Configuration
from solobox.study.paired import Comparison, compare, holm, mcnemar, seeds_needed

METRICS = {
    "loc_50": "Top-1 Loc@.5",
    "iou": "mean IoU",
    "acc": "accuracy",
    "loc_70": "Top-1 Loc@.7",
}
LEVEL = 0.05
MANY = 100  # configurations beyond which only the best is compared with each other one
WORTH = 0.02  # a difference that a person would like to see: two points


@dataclass(frozen=True)
class Row:
    """A configuration on the leaderboard.

    Attributes:
        configuration: which.
        values: of each metric its mean, and half its 95 % interval over images and seeds.
        seconds: of training, a run, on average.
        on_front: no other one is better in accuracy and in mean IoU.
    """

    configuration: Configuration
    values: dict[str, tuple[float, float]]
    seconds: float
    on_front: bool


@dataclass(frozen=True)
class Pair:
    """A comparison of two configurations in one metric.

    Attributes:
        a: the one with the higher mean.
        b: the other one.
        found: a minus b.
        p: corrected for the number of pairs (Holm).
        only_a, only_b, mcnemar: images on which a is right more often (Top-1 Loc), b is, and mid-p.
    """

    a: Configuration
    b: Configuration
    found: Comparison
    p: float
    only_a: int
    only_b: int
    mcnemar: float

    @property
    def differ(self) -> bool:
        """Whether the difference can be told from chance, all pairs considered."""
        return self.p < LEVEL

    def sentence(self) -> str:
        """The result in words; points are hundredths."""
        found, seeds = self.found, self.found.seeds
        interval = f"[{100 * found.low:.1f}, {100 * found.high:.1f}]"
        if self.differ:
            text = f"{self.a.name} is better than {self.b.name} by "
            text += f"{100 * found.difference:.1f} points {interval}"
        else:
            how = "this one seed" if seeds == 1 else f"these {seeds} seeds"
            text = f"{self.a.name} and {self.b.name}: no difference that {how} can show "
            text += f"({100 * found.difference:.1f} points {interval})"
            if seeds > 1:
                needed = seeds_needed(found, WORTH)
                wanted = f"to see {100 * WORTH:.0f} points"
                if needed is None:
                    text += f"; more images would be needed {wanted}, not more seeds"
                elif needed > seeds:
                    text += f"; {needed} would be needed {wanted}"
        if seeds == 1:
            text += "; with one seed each, what another seed would change is not in this interval"
        return text


def leaderboard(found: Sequence[Configuration]) -> list[Row]:
    """All configurations, the best Top-1 Loc@.5 first, ties broken by mean IoU."""
    values = {c.name: {metric: spread(c.scores(metric)) for metric in METRICS} for c in found}
    means = [{m: values[c.name][m][0] for m in METRICS} for c in found]
    rows = [
        Row(
            c,
            values[c.name],
            float(np.mean([run.metrics.get("seconds", np.nan) for run in c.runs])),
            not any(_dominates(other, mine) for other in means),
        )
        for c, mine in zip(found, means, strict=True)
    ]
    return sorted(rows, key=lambda r: (r.values["loc_50"][0], r.values["iou"][0]), reverse=True)


def spread(scores: NDArray[np.float64]) -> tuple[float, float]:
    """Mean of (S, I) scores and half of its 95 % interval over seeds and images."""
    found = compare(scores, np.zeros_like(scores))
    if found.half == 0:  # all the same: a rate of 0 or 1, which is not known exactly either
        low, high = wilson(found.difference, scores.shape[1])
        return found.difference, max(found.difference - low, high - found.difference)
    return found.difference, found.half


def pairs(found: Sequence[Configuration], metric: str) -> list[Pair]:
    """Every two configurations compared, or of very many the best with each other one.

    The p values are corrected for all pairs there are: which one is best is known only afterwards.
    """
    means = {c.name: [float(c.scores(m).mean()) for m in (metric, "iou")] for c in found}
    ordered = sorted(found, key=lambda c: means[c.name], reverse=True)
    every = len(ordered) * (len(ordered) - 1) // 2
    best, *others = ordered
    chosen = combinations(ordered, 2) if len(ordered) <= MANY else ((best, o) for o in others)
    compared = []
    for a, b in chosen:
        ours, theirs = _same_seeds(a, b)
        right = [np.stack([c.predictions[i].scores("loc_50") > 0 for i in rows])
                 for c, rows in ((a, ours), (b, theirs))]  # fmt: skip
        result = compare(a.scores(metric)[ours], b.scores(metric)[theirs])
        compared.append((a, b, result, mcnemar(*right)))
    corrected = holm([result.p for _, _, result, _ in compared], among=every)
    return [
        Pair(a, b, result, p, *counts)
        for (a, b, result, counts), p in zip(compared, corrected, strict=True)
    ]


def _same_seeds(a: Configuration, b: Configuration) -> tuple[list[int], list[int]]:
    """Rows of the seeds that both have; where they share none, as many as both have."""
    shared = sorted(set(a.seeds) & set(b.seeds))
    if shared:
        return [a.seeds.index(s) for s in shared], [b.seeds.index(s) for s in shared]
    rows = list(range(min(len(a.seeds), len(b.seeds))))
    return rows, rows


def _dominates(other: dict[str, float], mine: dict[str, float]) -> bool:
    at_least = other["acc"] >= mine["acc"] and other["iou"] >= mine["iou"]
    return at_least and (other["acc"] > mine["acc"] or other["iou"] > mine["iou"])
