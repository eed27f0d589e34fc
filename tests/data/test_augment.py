import inspect
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from solobox.data.augment import Augment
from solobox.errors import ConfigError

LEAVES = sorted((Path(__file__).parents[2] / "configs" / "augment").glob("*.yaml"))
BOXES = 256


def settings_of(leaf: Path) -> dict[str, float]:
    return {k: v for k, v in yaml.safe_load(leaf.read_text()).items() if k != "_target_"}


def pixel_boxes(seed: int, side: int) -> np.ndarray:
    """Corners x1, y1, x2, y2 in whole pixels; every fourth one is pressed against a border."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, side, (BOXES, 2))
    high = rng.integers(low + 1, side + 1)
    low[::4, 0], high[1::4, 1] = 0, side
    return np.concatenate((low, high), 1)


def centre_form(corners: np.ndarray, side: int) -> np.ndarray:
    low, high = corners[:2] / side, corners[2:] / side
    return np.concatenate(((low + high) / 2, high - low)).astype(np.float32)


def corners_of(box: np.ndarray) -> np.ndarray:
    return np.concatenate((box[:2] - box[2:] / 2, box[:2] + box[2:] / 2))


def bright_rectangle(corners: np.ndarray, side: int) -> np.ndarray:
    """Neither black nor white: no change of colour saturates, which would shift the edges."""
    image = np.full((side, side, 3), 60, np.uint8)
    image[corners[1] : corners[3], corners[0] : corners[2]] = 140
    return image


def bright_extent(image: np.ndarray) -> np.ndarray:
    grey = image[..., 0]
    bright = grey >= (int(grey.min()) + int(grey.max())) / 2
    columns, rows = np.flatnonzero(bright.any(0)), np.flatnonzero(bright.any(1))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def photograph(side: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.stem)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - BOXES), side=st.sampled_from([16, 33, 64]))
def test_a_box_stays_valid_and_keeps_framing_what_it_framed(
    leaf: Path, seed: int, side: int
) -> None:
    augment = Augment(**settings_of(leaf))
    for k, corners in enumerate(pixel_boxes(seed, side)):
        image, box = augment(bright_rectangle(corners, side), centre_form(corners, side), seed + k)
        after = corners_of(box)
        assert box.shape == (4,)
        assert box.dtype == np.float32
        assert (box[2:] > 0).all()
        assert after.min() >= -1e-6
        assert after.max() <= 1 + 1e-6
        assert np.abs(bright_extent(image) - after * side).max() <= 1, (corners, seed + k)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.stem)
def test_the_picture_keeps_its_shape_and_type(leaf: Path) -> None:
    box = np.array([0.5, 0.4, 0.2, 0.3], np.float32)
    for seed in range(20):
        image, _ = Augment(**settings_of(leaf))(photograph(), box, seed)
        assert (image.shape, image.dtype) == ((48, 48, 3), np.uint8)


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.stem)
def test_a_leaf_lists_every_parameter(leaf: Path) -> None:
    assert list(settings_of(leaf)) == list(inspect.signature(Augment).parameters)


def test_the_same_seed_gives_the_same_result_whatever_came_before() -> None:
    box = np.array([0.5, 0.4, 0.2, 0.3], np.float32)
    one = Augment(flip=0.5, crop=0.9, colour=0.3, grey=0.1)
    other = Augment(flip=0.5, crop=0.9, colour=0.3, grey=0.1)
    other(photograph(), box, 1)
    for seed in range(20):
        (a, a_box), (b, b_box) = one(photograph(), box, seed), other(photograph(), box, seed)
        assert np.array_equal(a, b)
        assert np.array_equal(a_box, b_box)


def test_different_seeds_give_different_results() -> None:
    augment, box = Augment(crop=0.9, colour=0.3), np.array([0.5, 0.4, 0.2, 0.3], np.float32)
    results = {augment(photograph(), box, seed)[0].tobytes() for seed in range(50)}
    assert len(results) == 50


def test_the_picture_and_the_box_that_go_in_are_left_as_they_are() -> None:
    image, box = photograph(), np.array([0.5, 0.4, 0.2, 0.3], np.float32)
    for seed in range(20):
        Augment(flip=0.5, crop=0.9, colour=0.3, grey=0.1)(image, box, seed)
    assert np.array_equal(image, photograph())
    assert np.array_equal(box, np.array([0.5, 0.4, 0.2, 0.3], np.float32))


def test_no_augmentation_changes_nothing() -> None:
    box = np.array([0.5, 0.4, 0.2, 0.3], np.float32)
    augment = Augment()
    image, same = augment(photograph(), box, 0)
    assert augment.changes_nothing
    assert np.array_equal(image, photograph())
    assert np.allclose(same, box, atol=1e-6)


def test_a_certain_flip_mirrors_picture_and_box() -> None:
    image, box = Augment(flip=1.0)(photograph(), np.array([0.2, 0.4, 0.2, 0.3], np.float32), 0)
    assert np.array_equal(image, photograph()[:, ::-1])
    assert np.allclose(box, [0.8, 0.4, 0.2, 0.3], atol=1e-6)


def test_a_flip_of_one_half_flips_about_half_of_the_images() -> None:
    augment, box = Augment(flip=0.5), np.array([0.2, 0.4, 0.2, 0.3], np.float32)
    flipped = [augment(photograph(), box, seed)[1][0] > 0.5 for seed in range(400)]
    assert 0.4 < np.mean(flipped) < 0.6


def test_crops_make_the_object_larger_never_smaller() -> None:
    augment, box = Augment(crop=0.9), np.array([0.5, 0.4, 0.2, 0.3], np.float32)
    sizes = np.array([augment(photograph(), box, seed)[1][2:] for seed in range(100)])
    assert (sizes >= box[2:] - 1e-6).all()
    assert sizes.mean() > 1.2 * box[2:].mean()


def test_a_certain_grey_takes_all_colour() -> None:
    image, _ = Augment(grey=1.0)(photograph(), np.array([0.5, 0.4, 0.2, 0.3], np.float32), 0)
    assert (image == image[..., :1]).all()


@pytest.mark.parametrize("name", ["flip", "crop", "colour", "grey"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_number_outside_its_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"augment\.{name}.*found {value}"):
        Augment(**{name: value})
