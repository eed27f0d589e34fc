"""What `solobox predict` hands to a writer: answers as they come, with boxes drawn on the way."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solobox.inference.answer import Answer
    from solobox.inference.predictor import Predictor


class Answers:
    """All answers in order; what is wrong with a file is said, and the rest goes on.

    Args:
        predictor: is asked.
        names: images, and what to call the pictures of them.
        arguments: of `solobox predict`.

    Attributes:
        bad: images that could not be used, so far.
        undrawn: images of which no copy with the box could be drawn or kept.
    """

    def __init__(
        self, predictor: "Predictor", names: dict[Path, Path], arguments: argparse.Namespace
    ) -> None:
        self.predictor, self.names, self.arguments = predictor, names, arguments
        self.bad = self.undrawn = 0

    def __iter__(self) -> "Iterator[tuple[Path, Answer]]":
        from rich.console import Console
        from rich.progress import track

        from solobox.data.record import Problem

        screen = Console(file=sys.stderr)
        mixed = self.arguments.out is None and sys.stdout.isatty()  # with answers on the screen
        found = self.predictor.stream(self.names, batch_size=self.arguments.batch)
        for path, answer in track(
            found, "predicting", len(self.names), console=screen, transient=True,
            disable=mixed or not screen.is_terminal,
        ):  # fmt: skip
            if isinstance(answer, Problem):
                self.bad += 1
                print(answer, file=sys.stderr)
                continue
            if self.arguments.save:
                self._draw(path, answer)
            yield path, answer

    def _draw(self, path: Path, answer: "Answer") -> None:
        from solobox.atomic import replacing
        from solobox.data.images import open_upright
        from solobox.data.record import FaultError
        from solobox.inference.drawing import drawn

        to = self.arguments.out / "images" / self.names[path].with_suffix(".jpg")
        try:
            with replacing(to, binary=True) as file:
                drawn(open_upright(path), answer).save(file, "JPEG", quality=90)
        except FaultError as fault:  # it has changed since it was answered
            self._undrawn(fault)
        except OSError as error:
            self._undrawn(f"{path}: cannot write {to} ({error.strerror or error})")

    def _undrawn(self, why: object) -> None:
        self.undrawn += 1
        print(why, file=sys.stderr)
