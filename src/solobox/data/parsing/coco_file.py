"""One COCO file: its images with their objects, its categories, and what is wrong with it."""

from collections import Counter
from pathlib import Path
from typing import Any

from solobox.data.parsing.coco_image import Box, CocoImage, box_of, size_of, suspect_corners
from solobox.data.parsing.layout import inside
from solobox.data.parsing.strict_json import Entry, Spot, read_json, shown
from solobox.data.record import FaultError, Problem, noting

LISTS = ("images", "annotations", "categories")


def is_coco(content: object) -> bool:
    """Whether JSON holds what a COCO file of boxes must hold."""
    return isinstance(content, dict) and all(isinstance(content.get(key), list) for key in LISTS)


def read_coco(path: Path) -> Entry:
    """The content of a COCO file.

    Raises:
        FaultError: it is none, or no JSON.
    """
    content: Any = read_json(path)
    if not is_coco(content):
        found = f"the keys {shown(list(content))}" if isinstance(content, dict) else shown(content)
        raise FaultError(
            str(path), "no COCO",
            f"expected an object with the lists {', '.join(LISTS)}, found {found}; is this a COCO "
            f"file of boxes?",
        )  # fmt: skip
    return dict(content)


def names_in(content: Entry) -> list[str]:
    """The file names of a COCO file, to find the folder in which they are."""
    names = [entry.get("file_name") for entry in content["images"] if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str)]


class CocoFile:
    """What a COCO file says; a fault of one image or annotation costs that image alone.

    Args:
        path: the file.
        folder: where its images are.
        content: what `read_coco` returned.

    Attributes:
        records: its images, in its order.
        listed: the paths of all its images, also of those without a record.
        categories: class names by id, in order of the ids.
        used: the ids that an annotation has.
        problems: what is wrong.

    Raises:
        FaultError: its categories are wrong.
    """

    def __init__(self, path: Path, folder: Path, content: Entry) -> None:
        self.path, self.folder = path, folder
        self.problems: list[Problem] = []
        self.used: set[int] = set()
        self.listed: set[Path] = set()
        self.categories = self._categories(content["categories"])
        images = self._images(content["images"])
        by_id = {image.id: image for image in images}
        for number, value in enumerate(content["annotations"], 1):
            with noting(self.problems):
                self._annotation(Spot(path, f"annotation number {number}"), value, by_id)
        self._check_names()
        self.problems += suspect_corners(path, images)
        self.records = [image.record(path) for image in images if image.whole]

    def _categories(self, values: list[Any]) -> dict[int, str]:
        names: dict[int, str] = {}
        for number, value in enumerate(values, 1):
            spot = Spot(self.path, f"category number {number}")
            entry = spot.entry(value)
            key, name = spot.whole_number(entry, "id"), spot.text(entry, "name")
            if key in names:
                raise spot.fault(
                    "duplicate id",
                    f"{name!r} has the id {shown(key)}, as {names[key]!r} has; give each its own",
                )
            names[key] = name
        return dict(sorted(names.items()))

    def _check_names(self) -> None:
        """Two classes must differ; Roboflow's parent category may be called like a class."""
        seen: dict[str, int] = {}
        for key in sorted(self.used):
            name = self.categories[key]
            if name in seen:
                raise Spot(self.path, f"categories {shown(seen[name])} and {shown(key)}").fault(
                    "duplicate class", f"both are called {name!r}; merge them, or rename one"
                )
            seen[name] = key

    def _images(self, values: list[Any]) -> list[CocoImage]:
        images: list[CocoImage] = []
        for number, value in enumerate(values, 1):
            with noting(self.problems):
                images.append(self._image(Spot(self.path, f"image number {number}"), value))
        self._check_unique(images)
        return images

    def _check_unique(self, images: list[CocoImage]) -> None:
        ids = Counter(image.id for image in images)
        paths = Counter(image.path for image in images)
        for image in images:
            if ids[image.id] > 1:
                kind = "duplicate id"
                found = (
                    f"{ids[image.id]} images have its id, {shown(image.id)}, so it cannot be told "
                    f"whose boxes are whose; give each its own"
                )
            elif paths[image.path] > 1:
                kind = "duplicate name"
                found = (
                    f"{paths[image.path]} entries have this file_name, here with the id "
                    f"{shown(image.id)}; keep one of them, with all boxes"
                )
            else:
                continue
            image.whole = False
            spot = Spot(self.path, f"image {image.path.name!r}", image.path)
            self.problems.append(spot.fault(kind, found).problem)

    def _image(self, spot: Spot, value: object) -> CocoImage:
        entry = spot.entry(value)
        name = spot.text(entry, "file_name")
        path = inside(self.folder, name, self.path)
        self.listed.add(path)
        key = Spot(self.path, f"image {path.name!r}", path).whole_number(entry, "id")
        return CocoImage(key, path, size_of(entry))

    def _annotation(self, spot: Spot, value: object, images: dict[int, CocoImage]) -> None:
        entry = spot.entry(value)
        name = f"annotation {shown(entry['id'])}" if "id" in entry else spot.name
        key = Spot(self.path, name).whole_number(entry, "image_id")
        if key not in images:
            raise Spot(self.path, name).fault(
                "unknown image",
                f"its image_id is {shown(key)}, which is no image that could be read; mend it, or "
                f"remove the annotation",
            )
        image = images[key]
        try:
            label, box = self._object(
                Spot(self.path, f"{name} of {image.path.name!r}", image.path), entry
            )
        except FaultError:
            image.whole = False
            raise
        image.boxes.append((label, box))

    def _object(self, spot: Spot, entry: Entry) -> tuple[str, Box]:
        key = spot.whole_number(entry, "category_id")
        if key not in self.categories:
            raise spot.fault(
                "unknown class",
                f"its category_id is {shown(key)}, which is no category; mend it, or add that",
            )
        self.used.add(key)
        return self.categories[key], box_of(spot, entry.get("bbox"))
