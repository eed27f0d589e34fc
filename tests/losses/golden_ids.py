"""Which golden id is which of our losses: golden id -> (role, name, parameters) for `build`.

A class weight is cut to the K of its row. Ids of neighbours' variants, which the README beside
the golden numbers calls optional, have no entry.
"""

from typing import Any

_WEIGHT = [0.25, 0.75, 1.5, 2.0, 0.5]

MAP: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ce": ("classification", "cross_entropy", {}),
    "label_smoothing_0.1": ("classification", "cross_entropy", {"label_smoothing": 0.1}),
    "label_smoothing_0.3": ("classification", "cross_entropy", {"label_smoothing": 0.3}),
    "weighted_ce": ("classification", "focal", {"gamma": 0.0, "weight": _WEIGHT}),
    "softmax_focal_g0.5": ("classification", "focal", {"gamma": 0.5}),
    "softmax_focal_g1": ("classification", "focal", {"gamma": 1.0}),
    "softmax_focal_g2": ("classification", "focal", {"gamma": 2.0}),
    "softmax_focal_g2_classweights": ("classification", "focal", {"gamma": 2.0, "weight": _WEIGHT}),
    "mse": ("localisation", "l2", {}),
    "smooth_l1_beta1": ("localisation", "smooth_l1", {"beta": 1.0}),
    "smooth_l1_beta0.1111": ("localisation", "smooth_l1", {"beta": 1 / 9}),
    "smooth_l1_beta0.1": ("localisation", "smooth_l1", {"beta": 0.1}),
    "huber_delta1": ("localisation", "smooth_l1", {"beta": 1.0}),
    "balanced_l1_a0.5_g1.5_b1": ("localisation", "balanced_l1", {}),
    "balanced_l1_a0.25_g1_b1": ("localisation", "balanced_l1", {"alpha": 0.25, "gamma": 1.0}),
    "balanced_l1_rescaled_beta0.1": ("localisation", "balanced_l1", {"beta": 0.1}),
    "balanced_l1_rescaled_beta0.1111": ("localisation", "balanced_l1", {"beta": 1 / 9}),
    "giou": ("localisation", "giou", {}),
    "giou_eps0": ("localisation", "giou", {}),
    "sum": ("combine", "sum", {}),
    "weighted_1_5": ("combine", "weighted", {"alpha": 1.0, "beta": 5.0}),
    "weighted_2_0.5": ("combine", "weighted", {"alpha": 2.0, "beta": 0.5}),
    "max_a1_b1": ("combine", "max", {"alpha": 1.0, "beta": 1.0}),
    "max_a1_b5": ("combine", "max", {"alpha": 1.0, "beta": 5.0}),
    "max_a2_b0.5": ("combine", "max", {"alpha": 2.0, "beta": 0.5}),
}
