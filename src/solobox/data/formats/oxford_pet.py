"""The Oxford-IIIT Pet data set, downloaded: cats and dogs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from solobox.data.formats.voc import read_record
from solobox.data.images import open_upright
from solobox.data.parsing.download import download
from solobox.data.parsing.layout import inside, read_lines
from solobox.data.record import FaultError, Found, Object, Problem, Record, noting, place
from solobox.errors import ConfigError

PAGE = "https://thor.robots.ox.ac.uk/datasets/pets/"
LISTS = {"train": "trainval.txt", "test": "test.txt"}
SPECIES = ("cat", "dog")
FOREGROUND = [255 * (value == 1) for value in range(256)]  # 2 is background, 3 not classified


@dataclass(frozen=True)
class _Listed:
    """One line of a list."""

    name: str
    species: str

    @property
    def breed(self) -> str:
        """The 37 breeds are the names of the images without their numbers."""
        return self.name.rpartition("_")[0]


class OxfordPet:
    """Oxford-IIIT Pet: 7,349 photographs of one cat or dog each, 37 breeds.

    In root/oxford-iiit-pet: images/NAME.jpg, annotations/trainval.txt and test.txt, with the boxes
    of heads in annotations/xmls/NAME.xml, the outlines of bodies in annotations/trimaps/NAME.png.
    Where the folder is not there, torchvision downloads it (800 MB) into root.

    Args:
        label: "species", which is cat or dog, or "breed".
        box: "head", drawn by hand, for the images of trainval.txt alone, or "body", the tight box
            around the outline, for all.
        download: whether to download what is not there.

    Raises:
        ConfigError: an option outside its range.
    """

    def __init__(self, *, label: str = "species", box: str = "head", download: bool = True) -> None:
        if label not in ("species", "breed"):
            raise ConfigError(f"data.format.label must be species or breed; found {label!r}")
        if box not in ("head", "body"):
            raise ConfigError(f"data.format.box must be head or body; found {box!r}")
        self.label, self.box, self.download = label, box, download

    def read(self, root: Path) -> Found:
        """Read the lists, and the boxes of what they list.

        Raises:
            DataError: the photographs are not there and cannot be downloaded.
        """
        folder = root / "oxford-iiit-pet"
        if not all((folder / name).is_dir() for name in ("images", "annotations")):
            self._fetch(root, folder)
        problems: list[Problem] = []
        listed = {
            split: _read_list(folder / "annotations" / name, problems)
            for split, name in LISTS.items()
            if split == "train" or self.box == "body"
        }
        everyone = [pet for pets in listed.values() for pet in pets]
        breeds = tuple(sorted({pet.breed for pet in everyone}))
        return Found(
            layout=f"Oxford-IIIT Pet, box of the {self.box}, class by {self.label}",
            splits={split: self._records(folder, pets, problems) for split, pets in listed.items()},
            classes=SPECIES if self.label == "species" else breeds,
            problems=problems,
            everywhere=False,
        )

    def _fetch(self, root: Path, folder: Path) -> None:
        def fetch() -> None:
            from torchvision.datasets import OxfordIIITPet

            OxfordIIITPet(str(root), download=True)

        download(
            fetch, self.download, root,
            f"expected Oxford-IIIT Pet in {folder}, found no images/ and annotations/ there",
            f"Fetch images.tar.gz and annotations.tar.gz from {PAGE} and unpack both in {folder}",
        )  # fmt: skip

    def _records(
        self, folder: Path, pets: Sequence[_Listed], problems: list[Problem]
    ) -> list[Record]:
        read = _head if self.box == "head" else _body
        records = []
        for pet in pets:
            label = pet.species if self.label == "species" else pet.breed
            try:
                records.append(read(folder, pet.name, label))
            except FaultError as fault:
                # A few images of the data set itself have no box of the head.
                by_design = self.box == "head" and fault.problem.kind == "missing annotation"
                image = folder / "images" / f"{pet.name}.jpg"
                problems.append(replace(fault.problem, fatal=not by_design, image=image))
        return records


def _read_list(path: Path, problems: list[Problem]) -> list[_Listed]:
    """Lines such as "Abyssinian_100 1 1 1": name, number of its breed, 1 a cat or 2 a dog."""
    pets = []
    for line, text in read_lines(path):
        if text.startswith("#"):
            continue
        with noting(problems):
            pets.append(_listed(path, line, text.split()))
    return pets


def _listed(path: Path, line: int, fields: Sequence[str]) -> _Listed:
    where = place(path, line)
    if len(fields) < 3:
        raise FaultError(
            where, "too few fields",
            f"expected a name and three numbers, found {' '.join(fields)!r}; fetch the list anew",
        )  # fmt: skip
    name, _, species = fields[:3]
    if species not in ("1", "2"):
        raise FaultError(
            where, "unknown class", f"expected 1 for a cat or 2 for a dog; found {species!r}"
        )
    inside(path.parent, name, path, line)
    return _Listed(name, SPECIES[int(species) - 1])


def _head(folder: Path, name: str, label: str) -> Record:
    images, source = folder / "images", folder / "annotations" / "xmls" / f"{name}.xml"
    if not source.is_file():
        raise FaultError(
            str(source), "missing annotation", "there is no box of its head; it is left out"
        )
    record = read_record(source, images, {})
    heads = tuple(replace(head, label=label) for head in record.objects)
    return replace(record, image=images / f"{name}.jpg", objects=heads)


def _body(folder: Path, name: str, label: str) -> Record:
    source = folder / "annotations" / "trimaps" / f"{name}.png"
    if not source.is_file():
        raise FaultError(
            str(source), "missing annotation",
            "there is no outline of this pet; unpack annotations.tar.gz anew",
        )  # fmt: skip
    outline = open_upright(source).getchannel(0)
    box = outline.point(FOREGROUND).getbbox()  # first column and row, and one past the last
    bodies = () if box is None else (Object(label, box),)
    return Record(folder / "images" / f"{name}.jpg", source, bodies, size=outline.size)
