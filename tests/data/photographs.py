"""Small annotated photographs for tests."""

from pathlib import Path

import numpy as np
from PIL import Image

XML = (
    "<annotation><filename>{name}</filename><object><name>{label}</name><bndbox><xmin>6</xmin>"
    "<ymin>4</ymin><xmax>18</xmax><ymax>12</ymax></bndbox></object></annotation>"
)


def picture(key: str) -> Image.Image:
    """24 x 16 pixels that differ from those of any other key."""
    rng = np.random.default_rng(list(key.encode()))
    return Image.fromarray(rng.integers(0, 256, (16, 24, 3), np.uint8))


def annotate(root: Path, names: list[str], label: str) -> None:
    """Photographs of a class in a Pascal VOC folder, the box in the middle half."""
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        picture(name).save(root / "JPEGImages" / f"{name}.png")
        text = XML.format(name=f"{name}.png", label=label)
        (root / "Annotations" / f"{name}.xml").write_text(text)


def split_lists(root: Path, **lists: list[str]) -> None:
    """Which of them belong to which split."""
    for split, names in lists.items():
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names))


def numbered(stem: str, n: int) -> list[str]:
    """stem0, stem1, ..."""
    return [f"{stem}{i}" for i in range(n)]
