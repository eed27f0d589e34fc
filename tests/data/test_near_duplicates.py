import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from solobox.data.canvas import Canvas
from solobox.data.images import open_upright
from solobox.data.near_duplicates import SHAPE, across, groups, thumbnail
from solobox.data.shapes import render
from solobox.data.synthetic import Synthetic


def drawn(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(render(rng, seed % 2, np.array([0.5, 0.5, 0.5, 0.4]), 96))


def thumbs(*images: Image.Image) -> np.ndarray:
    return np.stack([thumbnail(Canvas(64).draw(image)) for image in images])


def compressed(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=50)
    return Image.open(buffer).convert("RGB")


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda image: image.resize((48, 48)),
    "compressed": compressed,
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.8),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "grey": lambda image: image.convert("L").convert("RGB"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_copies_are_found_among_others(change: str) -> None:
    others = [drawn(seed) for seed in range(1, 30)]
    found = groups(thumbs(drawn(0), *others, CHANGES[change](drawn(0))))
    assert found[0] == [0, 30]
    assert found[1:] == [[i] for i in range(1, 30)]


def test_different_pictures_of_the_same_kind_are_not_taken_for_copies() -> None:
    images = Synthetic(train=300).split("train").images
    assert len(groups(np.stack([thumbnail(image) for image in images]))) == 300


def test_flat_images_and_textures_are_not_all_the_same() -> None:
    rng = np.random.default_rng(0)
    textures = [Image.fromarray(rng.integers(120, 124, (64, 64, 3), np.uint8)) for _ in range(40)]
    assert len(groups(thumbs(*textures))) == 40


def test_being_alike_is_transitive_and_groups_come_in_order() -> None:
    first, other = drawn(0), drawn(1)
    found = groups(
        thumbs(other, first, compressed(first), CHANGES["darker"](first), compressed(other))
    )
    assert found == [[0, 4], [1, 2, 3]]


def test_nothing_has_no_groups() -> None:
    assert groups(np.zeros((0, *SHAPE), np.uint8)) == []


def test_pairs_across_splits() -> None:
    splits = ["train", "val", "train", "test", "val"]
    thumbs = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, *SHAPE), np.uint8)
    assert list(across([[0, 2], [1, 3, 4]], splits, thumbs)) == [(1, 3), (3, 4)]
    thumbs[4] = thumbs[1]  # the same picture, if in the same split
    assert list(across([[0, 2], [1, 3, 4]], splits, thumbs)) == [(1, 3), (3, 4)]


def test_a_row_is_paired_with_the_same_picture_before_others() -> None:
    thumbs = np.zeros((3, *SHAPE), np.uint8)
    thumbs[1] = 9
    assert list(across([[0, 1, 2]], ["train", "val", "val"], thumbs)) == [(0, 1), (0, 2)]


def test_many_alike_take_no_time_for_each_pair() -> None:
    one = thumbs(drawn(0))
    many = np.repeat(one, 20_000, axis=0)
    many[:, 0, 0] = np.arange(20_000) % 7
    assert len(groups(many)) == 7
    assert len(list(across([list(range(20_000))], ["train", "val"] * 10_000, many))) <= 20_000


def test_the_three_pairs_of_a_public_data_set_are_found(shared: Path) -> None:
    paths = sorted((shared / "data" / "raccoon_kangaroo" / "JPEGImages").glob("*.jpg"))
    found = groups(thumbs(*map(open_upright, paths)))
    assert [{paths[i].stem for i in group} for group in found if len(group) > 1] == [
        {"kangaroo-00007", "kangaroo-00033"},
        {"raccoon-120", "raccoon-83"},
        {"raccoon-65", "raccoon-98"},
    ]
