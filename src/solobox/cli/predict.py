"""`solobox predict CKPT PATH...`: class and box of any images."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from solobox.cli.answers import Answers
from solobox.cli.output import any_name, flush, give_up
from solobox.errors import ConfigError, SoloboxError

FORMATS = ("jsonl", "csv", "coco", "yolo")


def main() -> None:
    """Entry point of `solobox predict`."""
    parser = argparse.ArgumentParser(
        prog="solobox predict", description="Say what is in images, and where."
    )
    parser.add_argument("checkpoint", type=Path, help="such as runs/NAME/checkpoints/best.ckpt")
    parser.add_argument(
        "paths", nargs="+", metavar="PATH",
        help='images, folders, patterns such as "photos/*.jpg"; - reads a list of them, one a line',
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=FORMATS, default="jsonl",
        help="JSON lines, a table, COCO results, or YOLO text files (with --out)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder to write to; standard output without it")
    parser.add_argument(
        "--save", action="store_true", help="also draw each box into a copy in --out/images"
    )
    parser.add_argument("--batch", type=int, default=32, help="images asked at once")
    arguments = parser.parse_args()
    any_name()
    try:
        failed = predict(arguments)
        flush()
    except SoloboxError as error:
        sys.exit(f"error: {error}")
    except BrokenPipeError:  # nobody reads on: main.py ends it quietly
        raise
    except OSError as error:
        give_up()
        where = error.filename or arguments.out or "standard output"
        sys.exit(f"error: cannot write {where} ({error.strerror or error})")
    if failed:
        sys.exit(failed)


def predict(arguments: argparse.Namespace) -> str:
    """Write what is found, and say what is wrong with bad files.

    Returns:
        How many images could not be used or drawn, in words; nothing if all could.
    """
    if arguments.batch < 1:
        raise ConfigError(f"--batch must be >= 1; found {arguments.batch}")
    if arguments.out is None and (arguments.save or arguments.format == "yolo"):
        raise ConfigError("--save and --format yolo write a file for each image; give --out FOLDER")

    from solobox import load
    from solobox.engine.memory import keep_freed_memory
    from solobox.engine.quiet import quiet
    from solobox.inference.files import apart, named

    quiet()
    keep_freed_memory()
    names = named(arguments.paths)
    out = arguments.out and arguments.out.resolve()
    if inside := [path for path in names if out and out in path.resolve().parents]:
        raise ConfigError(
            f"{inside[0]} lies in --out {arguments.out}, where it could be overwritten; choose "
            f"another folder"
        )
    if arguments.save or arguments.format == "yolo":
        apart(list(names.values()))
    answers = Answers(load(arguments.checkpoint), names, arguments)
    _write(answers, names, arguments)
    failed = {"used": answers.bad, "drawn": answers.undrawn}
    return "\n".join(
        f"{count} of {len(names)} images could not be {what}"
        for what, count in failed.items() if count
    )  # fmt: skip


def _write(answers: Answers, names: dict[Path, Path], arguments: argparse.Namespace) -> None:
    from solobox.atomic import replacing

    writer = import_module(f"solobox.inference.writers.{arguments.format}")
    classes, out = answers.predictor.classes, arguments.out
    if out is None:
        writer.write(answers, sys.stdout, classes)
        return
    out.mkdir(parents=True, exist_ok=True)
    if arguments.format == "yolo":
        writer.write(answers, out, classes, names)
        return
    with replacing(out / writer.FILE) as file:
        writer.write(answers, file, classes)
    print(f"{out / writer.FILE}", file=sys.stderr)
