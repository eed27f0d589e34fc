"""`solobox report RUN`: a finished run's own page."""

import argparse
import sys
from pathlib import Path

from solobox.cli.beside import sentences


def main() -> None:
    """Write report.html into each run named."""
    parser = argparse.ArgumentParser(
        prog="solobox report",
        description="Write report.html into finished runs: figures, tables, the worst images. "
        "A single `train` has it written already; a sweep leaves it out.",
    )
    parser.add_argument("runs", type=Path, nargs="+", help="run directories")
    arguments = parser.parse_args()
    failed = False
    with sentences([]):
        for directory in arguments.runs:
            failed |= not report(directory)
    if failed:
        sys.exit(1)


def report(directory: Path) -> bool:
    """Write a run's page; False, and a sentence, if it is no finished run."""
    from solobox.study.run_page import write_report
    from solobox.study.runs import find_runs

    runs, faults = find_runs(directory)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not runs and not faults:
        print(f"error: expected a run's directory; {directory} holds none", file=sys.stderr)
    for run in runs:
        print(f"page: {write_report(run)}")
    return bool(runs) and not faults
