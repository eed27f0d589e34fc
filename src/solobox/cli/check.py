"""`solobox check PATH`: everything that is wrong with a folder, in one pass."""

import argparse
import io
import sys
from pathlib import Path
from typing import Any

from solobox.cli.beside import sentences, settings_of


def main() -> None:
    """List all problems and write the page; exit with 1 if an image cannot be used."""
    parser = argparse.ArgumentParser(
        prog="solobox check",
        description="Check a folder of images before training on it: lists every problem with its "
        "file and line, and writes a page to look at. Exit code 1 if an image cannot be used.",
    )
    parser.add_argument("path", type=Path, help="the folder")
    parser.add_argument(
        "options", nargs="*", metavar="option",
        help="as for train, such as data=csv data.objects=drop data.format.box=centre",
    )  # fmt: skip
    parser.add_argument("--page", type=Path, metavar="FILE.html", help="where the page goes")
    arguments = parser.parse_intermixed_args()
    page = arguments.page or Path(f"check-{arguments.path.resolve().name or 'root'}.html")
    chosen = any(option.startswith("data=") for option in arguments.options)
    typed = arguments.options if chosen else ["data=auto", *arguments.options]
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name need not be a text
        sys.stdout.reconfigure(errors="backslashreplace")
    with sentences(typed):
        fatal = check(arguments.path.expanduser(), settings_of(typed)["data"], page)
    if fatal:
        sys.exit(1)


def check(root: Path, settings: dict[str, Any], page: Path) -> int:
    """Print what is wrong with a folder and write its page; returns how many faults are fatal."""
    from solobox.data.account import count_kinds
    from solobox.data.survey import survey
    from solobox.study.data_page import write_page

    found = survey(root, settings)
    for problem in found.problems:
        print(f"{'error' if problem.fatal else 'warning'}: {problem}")
    for problem in [*found.inspection.left_out, *found.inspection.reduced]:
        print(f"note: {problem} (data.objects={settings['objects']})")
    fatal = [problem for problem in found.problems if problem.fatal]
    odd = [problem for problem in found.problems if not problem.fatal]
    print(f"{root}: {found.inspection.layout}")
    for split, counts in found.counts.items():
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        print(f"  {split or 'all'}: {sum(counts.values())} images ({listed})")
    print(f"  errors: {count_kinds(fatal) or 'none'}")
    print(f"  warnings: {count_kinds(odd) or 'none'}")
    write_page(found, root, page)
    print(f"  page: {page}")
    return len(fatal)
