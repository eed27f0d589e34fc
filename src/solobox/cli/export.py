"""`solobox export CKPT --format onnx`: a file for programs that do not know solobox."""

import argparse
import os
import tempfile
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from solobox.cli.beside import sentences
from solobox.errors import ConfigError, ExportError

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from solobox.inference.predictor import Predictor

FORMATS = ("onnx", "torch_export", "safetensors")
KINDS = ("dynamic", "static")  # of 8-bit files
COMPARED = 32  # images


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
    parser.add_argument(
        "--config-dir", type=Path, metavar="FOLDER",
        help="config files of your own, such as of a reader that the run used",
    )  # fmt: skip
    arguments = parser.parse_args()
    with sentences([]):
        export(arguments)


def export(arguments: argparse.Namespace) -> None:
    """Write a file, compare it, and keep it where it says what the checkpoint says.

    Raises:
        ExportError: it cannot be written, or says something else; nothing is left of it.
    """
    import numpy as np

    from solobox.cli.eight_bits import quantised
    from solobox.cli.run_images import images, own_splits
    from solobox.data.images import open_upright
    from solobox.engine.load import load_model
    from solobox.engine.quiet import quiet
    from solobox.inference.files import named
    from solobox.inference.predictor import Predictor

    quiet()
    if arguments.quantise and arguments.format != "onnx":
        raise ConfigError(f"--quantise is for ONNX; found --format {arguments.format}")
    kind = import_module(f"solobox.export.formats.{arguments.format}")
    out = destination(arguments, kind.SUFFIX)
    predictor = Predictor(trained := load_model(arguments.checkpoint), "cpu")
    wanted = arguments.quantise or not arguments.images
    splits = own_splits(trained, arguments.config_dir) if wanted else {}
    pictures = (
        map(open_upright, named(arguments.images)) if arguments.images
        else images(splits["val"], trained)
    )  # fmt: skip
    arrays = [np.array(image) for image in islice(pictures, COMPARED)]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            written = compared(kind, predictor, Path(folder), arrays)
            if arguments.quantise:
                written = quantised(arguments.quantise, written, splits, predictor)
            size = written.stat().st_size / 1e6
            os.replace(written, out)
    except OSError as error:
        raise ExportError(f"cannot write {out} ({error.strerror or error})") from error
    print(f"{out}: {size:.1f} MB")


def destination(arguments: argparse.Namespace, suffix: str) -> Path:
    """The file that is asked for.

    Raises:
        ConfigError: it is a folder, or named as another kind of file.
    """
    beside = arguments.checkpoint.stem + ("-int8" if arguments.quantise else "") + suffix
    out: Path = arguments.out or arguments.checkpoint.with_name(beside)
    if out.is_dir():
        raise ConfigError(f"--out must be a file, such as {out / beside}; {out} is a folder")
    if out.suffix != suffix:
        raise ConfigError(f"--out must end in {suffix}; found {out}")
    return out


def compared(
    kind: "ModuleType", predictor: "Predictor", folder: Path, arrays: "list[NDArray[np.uint8]]"
) -> Path:
    """A file in a folder, once it says of some images what the checkpoint says."""
    from solobox.export import parity
    from solobox.export.about import about

    written = folder / f"whole{kind.SUFFIX}"
    kind.write(predictor, written, about(predictor, predictor.trained.figures))
    found = parity.differences(predictor, kind.read(written), arrays)
    parity.check(*found)
    print(f"compared with the checkpoint on {parity.sentence(*found)}")
    return written
