"""Golden numbers: one of our own for each loss (ROWS), and those beside the checkout.

A new loss adds one row to ROWS, with its arithmetic in the comment above it. After a new entry in
golden_ids.MAP, `python -m tests.losses.golden` writes the committed extract anew.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from tests.losses.golden_ids import MAP

PUBLIC = Path(__file__).parents[3] / "shared" / "golden" / "golden_public.json"
EXTRACT = Path(__file__).with_name("golden_extract.json")
KEPT = {"r01", "r03", "r04", "r09", "r11", "r21", "c07", "p01", "p03", "p07"}
KEPT |= {"g01_conflict", "g02_aligned", "g03_orthogonal"}

KEYS = {"id", "family", "params", "source", "detached_terms"}


class Row(NamedTuple):
    """Expected output of one loss; `inputs` as its role takes them (combine: without the step).

    A gradient scheme takes the Gram matrix and the losses, and gives its weights.
    """

    role: str
    name: str
    parameters: dict[str, Any]
    inputs: tuple[list[Any], ...]
    expected: float | list[float]
    source: str


BY_HAND = "by hand: the arithmetic is in the comment above"
MEANS = ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75])  # Lc = 2.5, Ll = 3.5
CONFLICT = ([[4.0, -1.0], [-1.0, 1.0]], [1.0, 1.0])  # a Gram matrix, and losses
SQUARES = ([[0.5, 0.5, 0.2, 0.2]], [[0.6, 0.5, 0.2, 0.2]])  # .1 apart: IoU 1/3, rho^2 / c^2 1/13
NESTED = ([[0.5, 0.5, 0.2, 0.2]], [[0.5, 0.5, 0.2, 0.4]])  # one centre, half as high: IoU 1/2

ROWS = [
    # p = (3/4, 1/4): -ln(3/4)
    Row("classification", "cross_entropy", {}, ([[math.log(3), 0.0]], [0]),
        [0.28768207245178085], BY_HAND),
    # q = (.9, .1): -.9 ln(3/4) - .1 ln(1/4) = .25891387 + .13862944
    Row("classification", "cross_entropy", {"label_smoothing": 0.2}, ([[math.log(3), 0.0]], [0]),
        [0.3975433013185918], BY_HAND),
    # (1 - 3/4)^2 * -ln(3/4) = .28768207 / 16
    Row("classification", "focal", {}, ([[math.log(3), 0.0]], [0]),
        [0.017980129528236303], BY_HAND),
    # 2 * ln(4/3)
    Row("classification", "weighted_cross_entropy", {"weight": [2.0, 1.0]},
        ([[math.log(3), 0.0]], [0]), [0.5753641449035617], BY_HAND),
    # sigmoids 3/4 (of the true class) and 1/2: ln(4/3) + ln 2
    Row("classification", "logistic", {}, ([[math.log(3), 0.0]], [0]),
        [0.9808292530117262], BY_HAND),
    # .25 ln(4/3) + .75 ln 2
    Row("classification", "balanced_cross_entropy", {"alpha": 0.25}, ([[math.log(3), 0.0]], [0]),
        [0.5917809035329041], BY_HAND),
    # .25 (1/4)^2 ln(4/3) + .75 (1/2)^2 ln 2
    Row("classification", "sigmoid_focal", {}, ([[math.log(3), 0.0]], [0]),
        [0.13446012873704882], BY_HAND),
    # 1 + .5 - .2
    Row("classification", "hinge", {}, ([[0.5, 0.2, -1.0]], [1]), [1.3], BY_HAND),
    # (1 + .5 - .2) / 3, and 1 - 1 - .2 < 0
    Row("classification", "multi_margin", {}, ([[0.5, 0.2, -1.0]], [1]), [1.3 / 3], BY_HAND),
    # 1.3^2 / 3
    Row("classification", "squared_hinge", {}, ([[0.5, 0.2, -1.0]], [1]), [1.69 / 3], BY_HAND),
    # p = (3/4, 1/4): (1/4)^2 + (1/4)^2
    Row("classification", "brier", {}, ([[math.log(3), 0.0]], [0]), [0.125], BY_HAND),
    # (.8 - 1)^2 + .3^2
    Row("classification", "yolo_v1", {}, ([[0.8, 0.3]], [0]), [0.13], BY_HAND),
    # ln(4/3) + 2 (1 - 3/4)
    Row("classification", "poly1", {}, ([[math.log(3), 0.0]], [0]),
        [0.7876820724517808], BY_HAND),
    # .1^2 + .2^2 + 0^2 + .3^2
    Row("localisation", "l2", {}, ([[0.5, 0.5, 0.4, 0.2]], [[0.4, 0.7, 0.4, 0.5]]),
        [0.14], BY_HAND),
    # d = (.05, .2, 0, .3), beta = .1: .0025 / .2 + (.2 - .05) + 0 + (.3 - .05)
    Row("localisation", "smooth_l1", {"beta": 0.1},
        ([[0.55, 0.5, 0.4, 0.2]], [[0.5, 0.7, 0.4, 0.5]]),
        [0.4125], BY_HAND),
    # b = e^3 - 1; at d = (e - 1) / b the log is 1: alpha / b e - alpha (e - 1) / b = alpha / b
    Row("localisation", "balanced_l1", {},
        ([[0.5 + (math.e - 1) / (math.e**3 - 1), 0.5, 0.3, 0.3]], [[0.5, 0.5, 0.3, 0.3]]),
        [0.02619784824562548], BY_HAND),
    # beta = .1, d = .2 is beyond the cap: .1 (1.5 * 2 + 1.5 / 19.0855369 - .5)
    Row("localisation", "balanced_l1", {"beta": 0.1},
        ([[0.7, 0.5, 0.3, 0.3]], [[0.5, 0.5, 0.3, 0.3]]),
        [0.2578593544736876], BY_HAND),
    # Squares of side .2 at x = .1 and .9: I = 0, U = .08, C = 1 * .2: 1 + (.2 - .08) / .2
    Row("localisation", "giou", {}, ([[0.1, 0.5, 0.2, 0.2]], [[0.9, 0.5, 0.2, 0.2]]),
        [1.6], BY_HAND),
    # .1 + .2 + 0 + .3
    Row("localisation", "l1", {}, ([[0.5, 0.5, 0.4, 0.2]], [[0.4, 0.7, 0.4, 0.5]]),
        [0.6], BY_HAND),
    # d = (.05, .2, 0, .3), delta = .1: .0025 / 2 + .1 (.2 - .05) + 0 + .1 (.3 - .05)
    Row("localisation", "huber", {"delta": 0.1},
        ([[0.55, 0.5, 0.4, 0.2]], [[0.5, 0.7, 0.4, 0.5]]), [0.04125], BY_HAND),
    # cosh(ln 2) = (2 + 1/2) / 2, cosh(ln 4) = (4 + 1/4) / 2: ln 1.25 + ln 2.125
    Row("localisation", "log_cosh", {},
        ([[math.log(2), math.log(4), 0.5, 0.5]], [[0.0, 0.0, 0.5, 0.5]]),
        [0.9769153536905899], BY_HAND),
    # d = (.02, 0, 0, .3): .1 ln 2 + (.3 - .1 + .1 ln 6)
    Row("localisation", "wing", {"w": 0.1, "epsilon": 0.02},
        ([[0.52, 0.5, 0.3, 0.5]], [[0.5, 0.5, 0.3, 0.2]]), [0.4484906649788001], BY_HAND),
    # 5 (.1^2 + .2^2 + (.5 - .4)^2 + (.6 - .7)^2)
    Row("localisation", "yolo_v1", {}, ([[0.5, 0.5, 0.25, 0.36]], [[0.4, 0.7, 0.16, 0.49]]),
        [0.35], BY_HAND),
    # d = (10 * .05, 0, 5 ln 2, 0): .5^2 / 2 + (5 ln 2 - 1/2)
    Row("localisation", "encoded_smooth_l1", {},
        ([[0.55, 0.5, 0.4, 0.4]], [[0.5, 0.5, 0.2, 0.4]]), [3.0907359027997265], BY_HAND),
    # the anchor halves the unit: d = (10 * .05 / .5, 0, 5 ln 2, 0): 1/2 + (5 ln 2 - 1/2)
    Row("localisation", "encoded_smooth_l1", {"anchor": [0.5, 0.5]},
        ([[0.55, 0.5, 0.4, 0.4]], [[0.5, 0.5, 0.2, 0.4]]), [5 * math.log(2)], BY_HAND),
    # Squares of side .2, .1 apart in x: I = .02, U = .06
    Row("localisation", "iou", {}, SQUARES, [2 / 3], BY_HAND),
    # -ln(1/3)
    Row("localisation", "log_iou", {}, SQUARES, [math.log(3)], BY_HAND),
    # 2/3 + .1^2 / (.3^2 + .2^2)
    Row("localisation", "diou", {}, SQUARES, [2 / 3 + 1 / 13], BY_HAND),
    # v = 4 / pi^2 (atan(1/2) - pi/4)^2 = .0419565: 1/2 + v^2 / (1/2 + v)
    Row("localisation", "ciou", {}, NESTED, [0.503248129298557], BY_HAND),
    # 1/2 + (.2 / .4)^2
    Row("localisation", "eiou", {}, NESTED, [0.75], BY_HAND),
    # sqrt(1/2) * .75
    Row("localisation", "focal_eiou", {}, NESTED, [0.5303300858899107], BY_HAND),
    # along an axis Lambda = 0: 2/3 + (1 - exp(-2 (.1 / .3)^2)) / 2
    Row("localisation", "siou", {}, SQUARES, [0.7662979652082627], BY_HAND),
    # along the diagonal Lambda = 1, IoU = 1/7: 6/7 + 2 (1 - exp(-(.1 / .3)^2)) / 2
    Row("localisation", "siou", {}, ([[0.5, 0.5, 0.2, 0.2]], [[0.6, 0.6, 0.2, 0.2]]),
        [0.9623035403284874], BY_HAND),
    # 1/2 + (1 - exp(-1/2))^4 / 2
    Row("localisation", "siou", {}, NESTED, [0.5119843254105068], BY_HAND),
    # 1 - (1/3)^3
    Row("localisation", "alpha_iou", {}, SQUARES, [26 / 27], BY_HAND),
    # 1 - (1/3)^3 + (1/13)^3
    Row("localisation", "alpha_ciou", {}, SQUARES, [26 / 27 + 1 / 13**3], BY_HAND),
    # e^(1/13) 2/3
    Row("localisation", "wise_iou_v1", {}, SQUARES, [0.7199726662854578], BY_HAND),
    # the mean becomes .99 + .01 * 2/3, b = .66889632: sqrt(b) e^(1/13) 2/3
    Row("localisation", "wise_iou_v2", {}, SQUARES, [0.5888374353046699], BY_HAND),
    # b / (3 * 1.9^(b - 3)) e^(1/13) 2/3
    Row("localisation", "wise_iou_v3", {}, SQUARES, [0.7167325136023829], BY_HAND),
    # 2/3 + (.1^2 + .1^2) / 2
    Row("localisation", "mpdiou", {}, SQUARES, [2 / 3 + 0.01], BY_HAND),
    # W = .1: 1 - e^-1
    Row("localisation", "nwd", {"constant": 0.1}, SQUARES, [0.6321205588285577], BY_HAND),
    # W = .2 / 2: 1 - e^(-.1 / .2)
    Row("localisation", "nwd", {"constant": 0.2}, NESTED, [0.3934693402873666], BY_HAND),
    # 1 / 4 each
    Row("reduce", "mean", {}, ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], [0, 1, 1, 1]),
        [0.25, 0.25, 0.25, 0.25], BY_HAND),
    # the two largest of four
    Row("reduce", "ohem", {"fraction": 0.5, "by": "classification"},
        ([1.0, 4.0, 3.0, 2.0], [9.0, 0.0, 0.0, 9.0], [0, 1, 0, 1]), [0.0, 0.5, 0.5, 0.0], BY_HAND),
    # 10, 4, 3, 11: the last and the first
    Row("reduce", "ohem", {"fraction": 0.5},
        ([1.0, 4.0, 3.0, 2.0], [9.0, 0.0, 0.0, 9.0], [0, 1, 0, 1]), [0.5, 0.0, 0.0, 0.5], BY_HAND),
    # one positive (the last), and of five negatives the hardest three
    Row("reduce", "ratio_1_3", {"negative": 0},
        ([1.0, 5.0, 4.0, 2.0, 3.0, 0.5], [0.0] * 6, [0, 0, 0, 0, 0, 1]),
        [0.0, 0.25, 0.25, 0.0, 0.25, 0.25], BY_HAND),
    # 1, 3, 3, 1 over their sum
    Row("reduce", "class_balanced", {"weight": [1.0, 3.0]},
        ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], [0, 1, 1, 0]),
        [0.125, 0.375, 0.375, 0.125], BY_HAND),
    # Lc = .25 * 1 + .75 * 3 = 2.5, Ll = .25 * 2 + .75 * 4 = 3.5 in all three
    Row("combine", "sum", {}, ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75]), 6.0, BY_HAND),
    # 2 * 2.5 + .5 * 3.5
    Row("combine", "weighted", {"alpha": 2.0, "beta": 0.5},
        ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75]), 6.75, BY_HAND),
    # max(2.5, 2 * 3.5)
    Row("combine", "max", {"beta": 2.0}, ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75]), 7.0, BY_HAND),
    # .25 max(1, 2) + .75 max(3, 4)
    Row("combine", "max_per_sample", {}, MEANS, 3.5, BY_HAND),
    # .25 max(1, .7 * 2) + .75 max(3, .7 * 4)
    Row("combine", "max_per_sample", {"beta": 0.7}, MEANS, 2.6, BY_HAND),
    # 3.5 + ln(1 + exp(-1))
    Row("combine", "smooth_max", {"temperature": 1.0}, MEANS,
        3.5 + math.log1p(math.exp(-1)), BY_HAND),
    # sqrt(2.5 * 3.5)
    Row("combine", "geometric_mean", {}, MEANS, math.sqrt(8.75), BY_HAND),
    # ln 2.5 + ln 3.5
    Row("combine", "log_sum", {}, MEANS, math.log(8.75), BY_HAND),
    # s = (ln 4, 0): (2.5 / 4 + ln 4 + 3.5) / 2
    Row("combine", "uncertainty", {"log_var": [math.log(4), 0.0]}, MEANS,
        (0.625 + math.log(4) + 3.5) / 2, BY_HAND),
    # 2.5 / 2 + ln 2 + 3.5 / 8 + ln 5
    Row("combine", "liebel_koerner", {"c": [1.0, 2.0]}, MEANS, 1.6875 + math.log(10), BY_HAND),
    # 2 * 2.5 - ln 2 + 3.5
    Row("combine", "imtl_l", {"s": [math.log(2), 0.0]}, MEANS, 8.5 - math.log(2), BY_HAND),
    # softmax of 1 / 2.5 and 1 / 3.5 is .52855, .47145: .52855 * 2.5 + .47145 * 3.5
    Row("combine", "uw_so", {}, MEANS, 2.971459629017734, BY_HAND),
    # no epoch is over yet
    Row("combine", "dwa", {}, MEANS, 6.0, BY_HAND),
    # z = (1/2, 1/2): (ln 2.5 + ln 3.5) / (1 / 2.5 + 1 / 3.5), both with eps
    Row("combine", "famo", {}, MEANS, 3.163203334185413, BY_HAND),
    # not measured yet
    Row("combine", "calibrated", {}, MEANS, 6.0, BY_HAND),
    # |g_c|^2 = 4, |g_l|^2 = 1, g_c . g_l = -1: 1 + 1/4, 1 + 1/1
    Row("combine", "pcgrad", {}, CONFLICT, [1.25, 2.0], BY_HAND),
    # half of that
    Row("combine", "upgrad", {}, CONFLICT, [0.625, 1.0], BY_HAND),
    # (g_c + g_l) / 2 . g_l = (-1 + 1) / 2 = 0, (4 - 1) / 2 > 0: no harm done
    Row("combine", "dual_proj", {}, CONFLICT, [0.5, 0.5], BY_HAND),
    # (1 + 1) / (4 + 2 + 1)
    Row("combine", "mgda", {}, CONFLICT, [2 / 7, 5 / 7], BY_HAND),
    # 1/2 and 1/1 over 3/2
    Row("combine", "imtl_g", {}, CONFLICT, [1 / 3, 2 / 3], BY_HAND),
    # cos = -1/2: 1 / (2 sqrt(1/2)), 1 / sqrt(1/2)
    Row("combine", "nash_mtl", {"max_norm": 0.0}, CONFLICT,
        [math.sqrt(0.5), math.sqrt(2)], BY_HAND),
    # and the step of length sqrt 2 is cut to 1
    Row("combine", "nash_mtl", {}, CONFLICT, [0.5, 1.0], BY_HAND),
    # orthogonal: G^-1/2 = diag(1/2, 1), times sqrt(1) / 2
    Row("combine", "aligned_mtl", {}, ([[4.0, 0.0], [0.0, 1.0]], [1.0, 1.0]), [0.25, 0.5], BY_HAND),
    # orthogonal and of one length: w = 1/2, |g_0| = |g_w|: 1/2 + .4 / 2
    Row("combine", "cagrad", {}, ([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0]), [0.7, 0.7], BY_HAND),
    # usual similarity 0, cos = -1/2: 1 + 1/2 * 1/2, 1 + 1/2 * 2
    Row("combine", "gradvac", {}, CONFLICT, [1.25, 2.0], BY_HAND),
    # logits are 0 at first
    Row("combine", "gradnorm", {}, CONFLICT, [1.0, 1.0], BY_HAND),
]  # fmt: skip


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def extract(public: dict[str, Any]) -> dict[str, Any]:
    """The rows in KEPT of the ids in MAP, with the keys that the tests read."""

    def chosen(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in rows if row["row"] in KEPT]

    return {
        "about": "Numbers only, from shared/golden/golden_public.json (schema "
        f"{public['schema_version']}, float64, {public['generated']}), cut by "
        "`python -m tests.losses.golden` to the ids in golden_ids.MAP and the rows in golden.KEPT; "
        "the README beside that file explains every key.",
        "rows_k2": chosen(public["rows_k2"]),
        "rows_multiclass": chosen(public["rows_multiclass"]),
        **{
            section: [
                {k: v for k, v in entry.items() if k in KEYS} | {"rows": chosen(entry["rows"])}
                for entry in public[section]
                if entry["id"] in MAP
            ]
            for section in ("losses", "combination", "gradient_aggregation")
        },
        **{
            section: [entry for entry in public[section] if entry["id"] in MAP]
            for section in ("batch", "mining", "sequences")
        },
        **{section: public[section] for section in ("class_weights", "prior_bias")},
    }


if __name__ == "__main__":
    text = json.dumps(extract(load(PUBLIC)), indent=None, separators=(",", ":"))
    EXTRACT.write_text(text.replace('{"id"', '\n{"id"').replace('{"row"', '\n{"row"') + "\n")
