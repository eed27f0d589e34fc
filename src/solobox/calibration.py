"""Temperature scaling: probabilities that are as often right as they say.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599. One number
divides the logits; the most probable class stays the same, and so does the box.
"""

import math

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

LEAST, MOST = 0.05, 20.0  # temperatures


def tempered(probabilities: Tensor, temperature: float) -> Tensor:
    """Probabilities (n, K) as if their logits had been divided by a temperature > 0."""
    if temperature == 1:  # without rounding
        return probabilities
    tiny = torch.finfo(probabilities.dtype).tiny
    return (probabilities.clamp_min(tiny).log() / temperature).softmax(-1)


def fit_temperature(probabilities: Tensor, labels: Tensor) -> float:
    """The temperature under which labels (n,) are most likely, given probabilities (n, K).

    Where all n images are right, likelihood alone would ask for certainty. The targets are
    therefore those of n right answers and one that may be wrong, as in Platt, "Probabilistic
    Outputs for Support Vector Machines", 1999: (n + 1) / (n + 2) for the true class.
    """
    n, classes = probabilities.shape
    wrong = 1 / (n + 2)
    targets = torch.full((n, classes), wrong / (classes - 1), dtype=torch.float64)
    targets[torch.arange(n), labels] = 1 - wrong
    logits = probabilities.double().clamp_min(torch.finfo(torch.float32).tiny).log()

    def surprise(log_temperature: float) -> float:
        said = (logits / math.exp(log_temperature)).log_softmax(-1)
        return -float((targets * said).sum() / n)

    # Convex in the inverse temperature: one minimum.
    found = minimize_scalar(surprise, bounds=(math.log(LEAST), math.log(MOST)), method="bounded")
    return math.exp(found.x)
