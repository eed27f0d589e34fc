"""The leaderboard on the screen."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from solobox.study.leaderboard import Row

SHOWN = {"loc_50": "Loc@.5", "iou": "mean IoU", "acc": "accuracy"}  # the page has more


def print_leaderboard(rows: Sequence[Row]) -> None:
    """A row a configuration, the best first; ± is half a 95 % interval over seeds and images."""
    first = rows[0].configuration
    images = len(first.predictions[0].paths)
    table = Table(title=f"{first.split}, n={images}; ±: 95 % interval", title_justify="left")
    table.add_column("", overflow="fold")
    table.add_column("seeds", justify="right")
    for name in SHOWN.values():
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        cells = [f"{row.values[key][0]:.3f} ±{row.values[key][1]:.3f}" for key in SHOWN]
        table.add_row(escape(row.configuration.name), str(len(row.configuration.runs)), *cells)
    Console().print(table)
