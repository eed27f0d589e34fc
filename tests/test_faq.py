"""Each error in docs/faq.md still occurs: its command is run where it would occur."""

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image
from tests.command import SMALL, Outcome
from tests.data.photographs import annotate, numbered, split_lists

Train = Callable[..., Outcome]
Prepare = Callable[[Path, Train], Sequence[str]]  # gives options that make a run small
FAQ = (Path(__file__).parents[1] / "docs" / "faq.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"^### (.+)\n+```sh\n(.+)\n```\n+```text\n((?:.+\n)+?)```", re.M)
ENTRIES = {title: (command, said) for title, command, said in ENTRY.findall(FAQ)}


def nothing(here: Path, train: Train) -> Sequence[str]:
    return ()


def two_in_one(here: Path, train: Train) -> Sequence[str]:
    photos(here)
    change(here, "cat3", "</object>", "</object><object><name>cat</name><bndbox><xmin>1</xmin>"
           "<ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>")  # fmt: skip
    return ()


def outside(here: Path, train: Train) -> Sequence[str]:
    photos(here)
    change(here, "cat3", "<xmax>18", "<xmax>40")
    return ()


def inverted(here: Path, train: Train) -> Sequence[str]:
    photos(here)
    change(here, "cat3", "<xmax>18", "<xmax>3")
    return ()


def mistyped_class(here: Path, train: Train) -> Sequence[str]:
    photos(here)
    (here / "FOLDER" / "classes.txt").write_text("cat\ndog\n")
    change(here, "cat3", "<name>cat", "<name>cta")
    return ()


def class_missing(here: Path, train: Train) -> Sequence[str]:
    photos(here)
    split_lists(here / "FOLDER", train=numbered("cat", 9), val=numbered("dog", 6))
    return ()


def photographs_alone(here: Path, train: Train) -> Sequence[str]:
    (here / "FOLDER").mkdir()
    Image.new("RGB", (8, 8)).save(here / "FOLDER" / "cat.jpg")
    return ()


def torn(here: Path, train: Train) -> Sequence[str]:
    photos(here)
    path = here / "FOLDER" / "JPEGImages" / "cat3.png"
    path.write_bytes(path.read_bytes()[:600])
    return ()


def a_run(here: Path, train: Train) -> Sequence[str]:
    train(*SMALL, "hydra.run.dir=runs/NAME")
    return ()


def an_old_run(here: Path, train: Train) -> Sequence[str]:
    path = a_run_of_photographs(here, train)
    stored = torch.load(path, weights_only=True)
    stored["solobox"]["format"] -= 1
    torch.save(stored, path)
    return ()


def a_run_elsewhere(here: Path, train: Train) -> Sequence[str]:
    a_run_of_photographs(here, train)
    annotate(here / "OTHER", numbered("bird", 3) + numbered("fish", 3), "bird")
    return ()


def one_bad_photograph(here: Path, train: Train) -> Sequence[str]:
    a_run_of_photographs(here, train)
    (here / "photos").mkdir()
    Image.new("RGB", (8, 8)).save(here / "photos" / "cat.jpg")
    (here / "photos" / "dog.jpg").write_bytes(b"<html>not found</html>")
    return ()


def tiny(here: Path, train: Train) -> Sequence[str]:
    return SMALL


def other_weights(here: Path, train: Train) -> Sequence[str]:
    torch.save({"layer.weight": torch.zeros(1)}, here / "FILE")
    return SMALL


def blind(here: Path, train: Train) -> Sequence[str]:
    return (*SMALL, "trainer.max_epochs=3")


def empty(here: Path, train: Train) -> Sequence[str]:
    (here / "runs" / "SWEEP").mkdir(parents=True)
    return ()


def photos(here: Path) -> None:
    annotate(here / "FOLDER", numbered("cat", 9), "cat")
    annotate(here / "FOLDER", numbered("dog", 6), "dog")


def change(here: Path, name: str, before: str, after: str) -> None:
    path = here / "FOLDER" / "Annotations" / f"{name}.xml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def a_run_of_photographs(here: Path, train: Train) -> Path:
    photos(here)
    train(
        "data=auto", "data.root=FOLDER", "data.size=32", "data.batch_size=8", "trainer=cpu",
        "trainer.max_epochs=1", "report=false", "hydra.run.dir=runs/NAME",
    )  # fmt: skip
    return here / "runs" / "NAME" / "checkpoints" / "best.ckpt"


PREPARED: dict[str, Prepare] = {
    "No folder was given": nothing,
    "The layout is not recognised": photographs_alone,
    "Two objects in an image": two_in_one,
    "A box reaches outside": outside,
    "A box is inverted": inverted,
    "A class is mistyped": mistyped_class,
    "A class has no training image": class_missing,
    "An image is damaged": torn,
    "A loss that does not exist": nothing,
    "An option that does not exist": nothing,
    "A value that is not in range": tiny,
    "A comma or a bracket in a value": nothing,
    "CUDA where there is none": nothing,
    "The weights are another network's": other_weights,
    "Training diverged": tiny,
    "Memory is full": nothing,
    "Every image gets the same class": blind,
    "The run directory is taken": a_run,
    "A continued run with other settings": a_run,
    "The checkpoint is of an older version": an_old_run,
    "The images are of other classes": a_run_elsewhere,
    "Some images cannot be used": one_bad_photograph,
    "Nothing to compare": empty,
}


def test_every_entry_is_run_and_every_heading_is_an_entry() -> None:
    assert set(ENTRIES) == set(PREPARED) == set(re.findall(r"^### (.+)", FAQ, re.M))


@pytest.mark.parametrize("title", ENTRIES)
def test_a_message_that_is_quoted_still_occurs(
    train: Train,
    solobox: Train,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    title: str,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)  # also where there is one
    command, said = ENTRIES[title]
    options = PREPARED[title](tmp_path, train)
    program, *words = shlex.split(command)
    if program == "python":
        run, words = train, words[1:]
    else:
        run = solobox
    outcome = run(*words, *options, expect=0 if said.startswith("warning") else 1)
    shown = " ".join((outcome.out + outcome.err).replace(f"{tmp_path}/", "").split())
    assert re.search(quoted(said), shown), shown


def quoted(said: str) -> str:
    """A pattern for what is quoted: lines may be broken elsewhere, ... stands for anything."""
    return ".*".join(re.escape(" ".join(part.split())) for part in said.split("..."))
