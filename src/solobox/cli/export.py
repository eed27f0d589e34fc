"""`solobox export CKPT --format onnx`: a file for programs that do not know solobox."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from solobox.cli.beside import sentences
from solobox.errors import ConfigError, DataError

if TYPE_CHECKING:
    from PIL.Image import Image

    from solobox.data.split import Split
    from solobox.engine.load import Trained

FORMATS = ("onnx", "torch_export", "safetensors")
KINDS = ("dynamic", "static")  # of 8-bit files
COMPARED = 32  # images
SEEN = 64  # images for the ranges of static quantisation


def main() -> None:
    """Entry point of `solobox export`."""
    parser = argparse.ArgumentParser(
        prog="solobox export",
        description="Write a model for other programs: pixels of any size in, class probabilities "
        "and a box in pixels out. What it says is compared with the checkpoint on real images.",
    )
    parser.add_argument("checkpoint", type=Path, help="such as runs/NAME/checkpoints/best.ckpt")
    parser.add_argument("--format", choices=FORMATS, default="onnx")
    parser.add_argument("--out", type=Path, help="the file; without it beside the checkpoint")
    parser.add_argument(
        "--quantise", choices=KINDS,
        help="ONNX in 8 bits; what it costs in accuracy is measured on the validation split",
    )  # fmt: skip
    parser.add_argument(
        "--images", nargs="+", metavar="PATH", default=(),
        help="images or folders to compare on, where those of the run are gone",
    )  # fmt: skip
    arguments = parser.parse_args()
    with sentences([]):
        export(arguments)


def export(arguments: argparse.Namespace) -> None:
    """Write a file, compare it, and keep it where it says what the checkpoint says."""
    import numpy as np

    from solobox.cli.build import build_source
    from solobox.data.images import open_upright
    from solobox.engine.load import load_model
    from solobox.engine.quiet import quiet
    from solobox.export import parity
    from solobox.export.about import about
    from solobox.inference.files import named
    from solobox.inference.predictor import Predictor

    quiet()
    if arguments.quantise and arguments.format != "onnx":
        raise ConfigError(f"--quantise is for ONNX; found --format {arguments.format}")
    trained = load_model(arguments.checkpoint)
    predictor = Predictor(trained, "cpu")
    kind = import_module(f"solobox.export.formats.{arguments.format}")
    suffix = ("-int8" if arguments.quantise else "") + kind.SUFFIX
    out = arguments.out or arguments.checkpoint.with_name(arguments.checkpoint.stem + suffix)
    if out.suffix != kind.SUFFIX:
        raise ConfigError(f"--out must end in {kind.SUFFIX}; found {out}")
    wanted = arguments.quantise or not arguments.images
    splits = build_source(trained.config["data"]).load() if wanted else {}
    pictures = (
        map(open_upright, named(arguments.images)) if arguments.images
        else images(splits["val"], trained)
    )  # fmt: skip
    arrays = [np.array(image) for image in islice(pictures, COMPARED)]

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
        written = Path(folder) / f"whole{kind.SUFFIX}"
        kind.write(predictor, written, about(predictor))
        found = parity.differences(predictor, kind.read(written), arrays)
        parity.check(*found)
        print(f"compared with the checkpoint on {parity.sentence(*found)}")
        if arguments.quantise:
            written = quantised(arguments.quantise, written, splits, trained)
        size = written.stat().st_size / 1e6
        os.replace(written, out)
    print(f"{out}: {size:.1f} MB")


def images(split: "Split", trained: "Trained") -> "Iterator[Image]":
    """A split's images at their own size.

    Raises:
        DataError: one is gone.
    """
    from solobox.study.pictures import image_of

    for name in split.paths:
        image = image_of(name, trained.config)
        if image is None:
            raise DataError(f"{name}, an image of the run, is gone; give others with --images")
        yield image


def quantised(how: str, written: Path, splits: "dict[str, Split]", trained: "Trained") -> Path:
    """An 8-bit version of an ONNX file, and on the screen what it is worth beside it."""
    import numpy as np

    from solobox.export.formats.onnx import read
    from solobox.export.quantise import quantise
    from solobox.export.worth import worth
    from solobox.report import SHOWN

    small = written.with_name("small.onnx")
    seen = islice(images(splits["train"], trained), SEEN)
    quantise(written, small, how, map(np.array, seen))
    val = splits["val"]
    figures = [
        worth(read(path), val, map(np.array, images(val, trained))) for path in (written, small)
    ]
    print(f"on the {len(val)} validation images, in 32 and in 8 bits:")
    for key, name in SHOWN.items():
        before, after = (f[key] for f in figures)
        print(f"  {name:16} {before:.3f} {after:.3f}  ({after - before:+.3f})")
    return small
