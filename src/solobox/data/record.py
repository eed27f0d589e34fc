"""What a reader finds, before anyone has judged it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from solobox.errors import DataError

MOST = 100_000  # faults noted before a reader gives up


@dataclass(frozen=True)
class Object:
    """One annotated object.

    Attributes:
        label: class name as written in the annotation.
        corners: x1, y1, x2, y2 in pixels of the upright image, as written; may be anything, also
            NaN.
        rounding: pixels by which the rounding of the written numbers may have moved an edge.
    """

    label: str
    corners: tuple[float, float, float, float]
    rounding: float = 0.0


@dataclass(frozen=True)
class Record:
    """One annotated image.

    Attributes:
        image: where the image should be.
        source: the annotation file, to name in an error.
        objects: what the annotation lists, in its order.
        line: line of the source, counted from 1; None where the whole file is about one image.
        size: width and height in pixels that the annotation states; None where it states none.
        entry: what to call its part of a source that has no lines to name, such as JSON.
    """

    image: Path
    source: Path
    objects: tuple[Object, ...]
    line: int | None = None
    size: tuple[int, int] | None = None
    entry: str = ""

    @property
    def where(self) -> str:
        """The source, with its line or entry."""
        return place(self.source, self.line) + (f" ({self.entry})" if self.entry else "")

    def fault(self, kind: str, text: str) -> "FaultError":
        """What is wrong with it, to be raised."""
        return FaultError(self.where, kind, text, image=self.image)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or worth a look.

    Attributes:
        where: file, or file:line.
        kind: two or three words to count it under, such as "empty box".
        text: the sentence: what was expected, what was found, what to do.
        fatal: False: the image can be used all the same.
        image: the image that cannot be used for it, if it is about one.
    """

    where: str
    kind: str
    text: str
    fatal: bool = True
    image: Path | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class FaultError(DataError):
    """A problem on its way to the one who collects them."""

    def __init__(
        self, where: str, kind: str = "", text: str = "", image: Path | None = None
    ) -> None:
        self.problem = Problem(where, kind, text, image=image)
        super().__init__(str(self.problem) if text else where)  # a loader's worker has one text


@contextmanager
def noting(problems: list[Problem]) -> Iterator[None]:
    """Turn a fault into one of the problems, so that others are found, too.

    Raises:
        FaultError: as many were noted before; what a file can hold of them would fill the memory.
    """
    try:
        yield
    except FaultError as fault:
        if len(problems) >= MOST:
            raise FaultError(
                fault.problem.where, "too many faults",
                f"{len(problems)} faults were found so far, and here another one "
                f"({fault.problem.text}); is this the right format? Mend them from the first on: "
                f"{problems[0]}",
            ) from None  # fmt: skip
        problems.append(fault.problem)


@dataclass(frozen=True)
class Found:
    """What a reader found in a folder.

    Attributes:
        layout: what it was recognised as, to tell a person: "Pascal VOC, split by its own lists".
        splits: the records of "train", "val", "test" as far as the folder says so, in the order
            in which it lists them; the one key is None where it does not say.
        classes: class names in order, C1 first; None where the folder does not list them.
        problems: what could not be read, or looks wrong; the records do not contain it.
        everywhere: whether an image anywhere in the folder that is in no record is worth a word.
    """

    layout: str
    splits: dict[str | None, list[Record]]
    classes: tuple[str, ...] | None
    problems: Sequence[Problem] = ()
    everywhere: bool = True


class Reader(Protocol):
    """One way to lay out a folder."""

    def read(self, root: Path) -> Found:
        """Read all annotations of a folder.

        Raises:
            DataError: it is laid out in another way.
        """


def place(file: Path, line: int | None = None) -> str:
    """A file, or a line of it, as error messages name it."""
    return str(file) if line is None else f"{file}:{line}"
