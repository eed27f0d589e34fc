"""Losses against their combination, as a table whose colours are read at a glance."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from solobox.study.configurations import Configuration
from solobox.study.leaderboard import METRICS, Row

Choice = Callable[[Configuration], str]
FULL = 0.5  # of a grid of class x box; with fewer pairs in it, a pair is one choice


def heat(rows: Sequence[Row], metric: str) -> Figure | None:
    """Two choices against each other, a panel for each value of a third.

    Returns:
        None where fewer than two choices were varied.
    """
    varied = _varied([row.configuration for row in rows])
    if len(varied) < 2:
        return None
    (down, of_row), (across, of_column), *third = varied.items()
    of_panel: Choice = third[0][1] if third else lambda c: ""
    names = [
        sorted({choice(row.configuration) for row in rows})
        for choice in (of_row, of_column, of_panel)
    ]
    columns = min(3, len(names[2]))
    lines = -(-len(names[2]) // columns)
    room = 0.07 * max(map(len, names[0]))  # inches for the names of the rows
    width, height = max(2.0, 0.75 * len(names[1])) + room, max(2.2, 0.5 * len(names[0]) + 1.4)
    figure = Figure(figsize=(columns * width + 1, lines * height))
    cells = list(figure.subplots(lines, columns, squeeze=False).flat)
    values = [row.values[metric][0] for row in rows]
    for cell, panel in zip(cells, names[2], strict=False):
        table = np.full((len(names[0]), len(names[1])), np.nan)
        for row in reversed(rows):  # of several in one place the best stays
            c = row.configuration
            if of_panel(c) == panel:
                place = names[0].index(of_row(c)), names[1].index(of_column(c))
                table[place] = row.values[metric][0]
        _table(cell, table, min(values), max(values))
        cell.set_xticks(range(len(names[1])), names[1], rotation=45, ha="right")
        cell.set_yticks(range(len(names[0])), names[0])
        cell.set(xlabel=across, ylabel=down, title=panel)
    for cell in cells[len(names[2]) :]:
        cell.remove()
    figure.suptitle(METRICS[metric])
    figure.tight_layout()
    return figure


def _varied(found: Sequence[Configuration]) -> dict[str, Choice]:
    """What was chosen in several ways: class loss, box loss and combination, or pairs of losses."""
    choices: dict[str, Choice] = {
        "classification": lambda c: c.leaf("classification"),
        "localisation": lambda c: c.leaf("localisation"),
        "combine": lambda c: c.leaf("combine"),
    }
    classes, boxes = ({choices[role](c) for c in found} for role in list(choices)[:2])
    if min(len(classes), len(boxes)) > 1:
        pairs = {_pair(c) for c in found}
        if len(pairs) <= FULL * len(classes) * len(boxes):
            choices = {"losses": _pair, "combine": choices["combine"]}
    return {name: choice for name, choice in choices.items() if len(set(map(choice, found))) > 1}


def _pair(configuration: Configuration) -> str:
    return f"{configuration.leaf('classification')} + {configuration.leaf('localisation')}"


def _table(cell: Axes, table: NDArray[np.float64], low: float, high: float) -> None:
    """Numbers on a coloured ground."""
    cell.imshow(table, vmin=low, vmax=high, cmap="viridis", aspect="auto")
    for (i, j), value in np.ndenumerate(table):
        if np.isfinite(value):
            ink = "white" if value < low + 0.6 * (high - low) else "black"
            cell.text(j, i, f"{value:.3f}", ha="center", va="center", fontsize=7, color=ink)
    cell.tick_params(labelsize=8)
