"""`solobox losses`: the table of all losses; `solobox losses show NAME`: one of them, drawn."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException

from solobox.cli.explain import explain
from solobox.cli.leaves import Leaf, as_typed, leaves
from solobox.errors import did_you_mean
from solobox.losses import GROUPS


def main() -> None:
    """Entry point of `solobox losses`."""
    parser = argparse.ArgumentParser(
        prog="solobox losses", description="Without a verb: the table of all losses."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="show")
    show = verbs.add_parser("show", help="the page of a loss, and a figure of what it does")
    show.add_argument("name", help="e.g. balanced_l1, or localisation/yolo_v1")
    show.add_argument("parameters", nargs="*", metavar="key=value", help="e.g. beta=0.1")
    show.add_argument("--out", type=Path, metavar="FILE.png", help="where the figure goes")
    arguments = parser.parse_args()
    if arguments.verb is None:
        print_table()
        return
    try:
        found = _found(arguments.name)
        if len(found) > 1 and (arguments.parameters or arguments.out):
            places = " or ".join(f"{leaf.role}/{leaf.name}" for leaf in found)
            raise ValueError(f"{arguments.name} may be {places}; say which")
        for leaf in found:
            _show(_changed(leaf, arguments.parameters), arguments.out)
    except OverrideParseException as error:
        sys.exit(f"error: {explain(error, [])}")
    except ValueError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: cannot write {error.filename} ({error.strerror})")


def print_table() -> None:
    """All losses with formula, range, parameters and source."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:  # in a file a row need not fit a screen
        console.width = max(console.width, 160)
    for role in GROUPS:
        table = Table(title=f"loss/{role}=", title_justify="left", show_lines=True)
        for column in ("name", "formula", "range", "parameters", "source"):
            wide = column == "formula"
            table.add_column(column, no_wrap=column == "name", ratio=3 if wide else None)
        for leaf in leaves(role):
            page = leaf.page
            cells = (leaf.name, page.formula, page.range, leaf.parameters_text, page.source)
            table.add_row(*cells)
        console.print(table, markup=False)


def _found(name: str) -> list[Leaf]:
    """The leaves of that name; `role/name` says which, where two roles have one."""
    every = [leaf for role in GROUPS for leaf in leaves(role)]
    found = [leaf for leaf in every if name in (leaf.name, f"{leaf.role}/{leaf.name}")]
    if not found:
        names = sorted({leaf.name for leaf in every})
        hint = did_you_mean(name.rpartition("/")[2], names)
        raise ValueError(f"there is no loss {name!r}; {hint}`solobox losses` lists all")
    return found


def _changed(leaf: Leaf, typed: list[str]) -> Leaf:
    """A leaf with the parameters that were typed."""
    changes = {}
    for override in OverridesParser.create().parse_overrides(typed):
        key = override.key_or_group
        if key not in leaf.parameters:
            known = ", ".join(leaf.parameters) or "none"
            raise ValueError(f"{leaf.name} has no parameter {key!r}; it has: {known}")
        changes[key] = override.value()
    return replace(leaf, parameters=leaf.parameters | changes)


def _show(leaf: Leaf, out: Path | None) -> None:
    from solobox.study.loss_figure import draw

    part = leaf.kind(**leaf.parameters)
    print(f"{leaf.name}\n{'=' * len(leaf.name)}\n{leaf.page.text}\n")
    print(f"python train.py loss/{leaf.role}={leaf.name}")
    for key, value in leaf.parameters.items():
        print(f"  loss.{leaf.role}.{key}={as_typed(value)}")
    if leaf.role == "schedule":  # what it does depends on the run
        return
    path = out or Path(f"{leaf.role}-{leaf.name}.png")
    title = f"loss/{leaf.role}={leaf.name}   {leaf.parameters_text}"
    draw(leaf.role, part, path, title=title)
    print(f"\nfigure: {path}\n")
