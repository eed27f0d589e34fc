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
KEPT = {"r01", "r03", "r04", "r09", "r11", "r21", "c01", "c07", "p01", "p03", "p07"}

KEYS = {"id", "family", "params", "source", "detached_terms"}


class Row(NamedTuple):
    """Expected output of one loss; `inputs` as its role takes them (combine: without the step)."""

    role: str
    name: str
    parameters: dict[str, Any]
    inputs: tuple[list[Any], ...]
    expected: float | list[float]
    source: str


BY_HAND = "by hand: the arithmetic is in the comment above"

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
    # 1 / 4 each
    Row("reduce", "mean", {}, ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], [0, 1, 1, 1]),
        [0.25, 0.25, 0.25, 0.25], BY_HAND),
    # Lc = .25 * 1 + .75 * 3 = 2.5, Ll = .25 * 2 + .75 * 4 = 3.5 in all three
    Row("combine", "sum", {}, ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75]), 6.0, BY_HAND),
    # 2 * 2.5 + .5 * 3.5
    Row("combine", "weighted", {"alpha": 2.0, "beta": 0.5},
        ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75]), 6.75, BY_HAND),
    # max(2.5, 2 * 3.5)
    Row("combine", "max", {"beta": 2.0}, ([1.0, 3.0], [2.0, 4.0], [0.25, 0.75]), 7.0, BY_HAND),
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
            for section in ("losses", "combination")
        },
    }


if __name__ == "__main__":
    text = json.dumps(extract(load(PUBLIC)), indent=None, separators=(",", ":"))
    EXTRACT.write_text(text.replace('{"id"', '\n{"id"').replace('{"row"', '\n{"row"') + "\n")
