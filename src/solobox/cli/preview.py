"""`solobox preview ...`: what training will see, as a picture."""

import argparse
import sys
from pathlib import Path

from solobox.cli.beside import sentences, settings_of
from solobox.cli.settings import Settings


def main() -> None:
    """Write a sheet of training images, augmented, with their boxes."""
    parser = argparse.ArgumentParser(
        prog="solobox preview",
        description="Draw training images as a run with these options would see them.",
    )
    parser.add_argument(
        "options", nargs="*", metavar="option",
        help="as for train, such as data=auto data.root=FOLDER augment=strong",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("preview.png"), metavar="FILE.png")
    parser.add_argument("--rows", type=int, default=6, help="images, evenly picked (6)")
    parser.add_argument("--draws", type=int, default=7, help="augmentations of each (7)")
    arguments = parser.parse_intermixed_args()
    if arguments.rows < 1 or arguments.draws < 1:
        sys.exit("error: --rows and --draws must be >= 1")
    with sentences(arguments.options):
        settings = settings_of(arguments.options)
        preview(settings, arguments.out, arguments.rows, arguments.draws)


def preview(settings: Settings, out: Path, rows: int, draws: int) -> None:
    """Draw the sheet of a run's settings."""
    from solobox.cli.build import build_data
    from solobox.data.dataset import Images
    from solobox.study.contact_sheet import write_sheet

    data = build_data(settings)
    for note in data.source.notes:
        print(f"data: {note}")
    write_sheet(Images(data.train), data.shown(), out, rows=rows, draws=draws)
    print(f"picture: {out}")
