"""Figures of several seeds."""

import math
import statistics
from collections.abc import Sequence

STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # 97.5 % points of t by number of seeds


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half of its 95 % interval (Student's t) over 2 to 5 seeds."""
    n = len(values)
    return statistics.mean(values), STUDENT[n] * statistics.stdev(values) / math.sqrt(n)
