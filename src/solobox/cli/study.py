"""`solobox study FOLDER`: many runs turned into an answer."""

import argparse
import sys
from pathlib import Path

from solobox.cli.beside import sentences


def main() -> None:
    """Write study.html into a folder of runs and print the leaderboard."""
    parser = argparse.ArgumentParser(
        prog="solobox study",
        description="Compare all finished runs below a folder: a leaderboard over seeds, paired "
        "comparisons and figures, as a page (study.html) and as tables and pictures (study/).",
    )
    parser.add_argument("folder", type=Path, help="a sweep, such as runs/sweep-losses")
    arguments = parser.parse_args()
    with sentences([]):
        study(arguments.folder)


def study(folder: Path) -> None:
    """Write the study of a folder of runs.

    Raises:
        SystemExit: no such folder, or no finished run in it.
    """
    if not folder.is_dir():
        sys.exit(f"error: expected a folder of runs; {folder} is not one")
    from solobox.study.configurations import configurations
    from solobox.study.runs import find_runs
    from solobox.study.study_page import PAGE, write_study
    from solobox.study.table import print_leaderboard

    runs, faults = find_runs(folder)
    found, others = configurations(runs) if runs else ([], [])
    for fault in [*faults, *others]:
        print(f"note: {fault}", file=sys.stderr)
    if not found:
        sys.exit(
            f"error: {folder} holds no finished run. Train some, for example with "
            f"python train.py -m loss=ce_l2,ce_giou seed=0,1,2 hydra.sweep.dir={folder}"
        )
    rows = write_study(folder, found, [*faults, *others])
    print_leaderboard(rows)
    print(f"page: {folder / PAGE}")
