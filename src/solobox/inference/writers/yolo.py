"""YOLO's text files: labels/NAME.txt with class, centre x, y, width, height and confidence."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from solobox.atomic import replacing
from solobox.inference.answer import Answer

FOLDER = "labels"


def write(
    answers: Iterable[tuple[Path, Answer]],
    to: Path,
    classes: Sequence[str],
    names: dict[Path, Path],
) -> None:
    """The box is in fractions of the image, the class a number that begins with 0.

    Args:
        answers: pairs of an image's path and its answer.
        to: a folder, for labels/ and for classes.txt, a class a line.
        classes: C1 first.
        names: relative path of each image, which its text file takes over.
    """
    with replacing(to / "classes.txt") as file:
        file.write("".join(f"{name}\n" for name in classes))
    for path, answer in answers:
        (left, top, right, bottom), (width, height) = answer.box, answer.size
        box = ((left + right) / 2 / width, (top + bottom) / 2 / height,
               (right - left) / width, (bottom - top) / height)  # fmt: skip
        numbers = " ".join(f"{v:.6f}" for v in (*box, answer.probability))
        text = to / FOLDER / names[path].with_suffix(".txt")
        text.parent.mkdir(parents=True, exist_ok=True)
        with replacing(text) as file:
            file.write(f"{classes.index(answer.label)} {numbers}\n")
