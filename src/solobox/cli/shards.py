"""`solobox shards ... --out SHARDS`: any images that train.py reads, packed for `data=shards`."""

import argparse
from pathlib import Path

from solobox.cli.beside import sentences, settings_of
from solobox.cli.settings import Settings
from solobox.errors import ConfigError


def main() -> None:
    """Entry point of `solobox shards`."""
    parser = argparse.ArgumentParser(
        prog="solobox shards",
        description="Pack images into shards at the size of training: files of a thousand images "
        "each, which data=shards reads. Started again after it was stopped, it goes on.",
    )
    parser.add_argument(
        "options", nargs="*", metavar="option",
        help="as for train, such as data=auto data.root=FOLDER data.size=224 augment=strong",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="SHARDS", help="a new folder")
    parser.add_argument(
        "--jpeg", type=int, metavar="Q",
        help="compress with this quality, 50 to 100; without it every bit is kept",
    )  # fmt: skip
    parser.add_argument(
        "--per-shard", type=int, default=1024, metavar="N", help="images in a shard (1024)"
    )
    arguments = parser.parse_intermixed_args()
    with sentences(arguments.options):
        settings = settings_of(arguments.options)
        shards(settings, arguments.out.expanduser(), arguments.per_shard, arguments.jpeg)


def shards(settings: Settings, out: Path, per_shard: int, jpeg: int | None) -> None:
    """Pack what a run with these settings would read."""
    from solobox.cli.build import build_source
    from solobox.cli.instances import made
    from solobox.data.shards.source import check_library
    from solobox.data.shards.writing import pack

    check_library()
    if per_shard < 1:
        raise ConfigError(f"--per-shard must be >= 1; found {per_shard}")
    if jpeg is not None and not 50 <= jpeg <= 100:
        raise ConfigError(f"--jpeg is a quality from 50 to 100; found {jpeg}")
    source = build_source(settings["data"])
    splits = source.load(made("augment", settings["augment"]).oversize)
    for note in source.notes:
        print(f"data: {note}")
    about = pack(splits, out, source.identity(), per_shard, jpeg)
    size = sum(file.stat().st_size for file in out.glob("*/*.bin"))
    for name, count in about.counts.items():
        print(f"{name}: {count} images of {about.sides[name]} px")
    print(f"{out}: {size / 1e6:.1f} MB, {size / sum(about.counts.values()):.0f} bytes an image")
    options = f"data.size={source.size}" + (
        "" if about.resize == "squash" else f" data.resize={about.resize}"
    )
    print(f"train on it: python train.py data=shards data.root={out} {options}")
