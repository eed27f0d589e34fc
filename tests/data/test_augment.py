import colorsys
import inspect
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from solobox.data.augment import OVERSIZE, Augment
from solobox.data.augment.colour import colour_matrix
from solobox.data.augment.library import cv2
from solobox.data.canvas import BORDER, Canvas
from solobox.data.dataset import Images
from solobox.data.order import EpochBatches, permutation
from solobox.data.split import Split
from solobox.errors import ConfigError
from solobox.types import Batch

LEAVES = sorted((Path(__file__).parents[2] / "configs" / "augment").glob("*.yaml"))
EXACT = [leaf for leaf in LEAVES if leaf.stem != "strong"]  # flips and crops
BOXES = 256
BOX = np.array([0.5, 0.4, 0.2, 0.3], np.float32)
NO_COLOUR = {"colour": 0.0, "hue": 0.0, "grey": 0.0}
TILTS = {"flip": 0.5, "crop": 0.5, "rotate": 30.0, "shear": 15.0}
ALL = TILTS | {"colour": 0.3, "hue": 20.0, "grey": 0.1, "blur": 1.0, "erase": 0.3}
MOST = {"flip": 1, "crop": 1, "rotate": 45, "shear": 30, "colour": 1, "hue": 180, "grey": 1}
MOST |= {"blur": 2, "erase": 0.5}
each_leaf = pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.stem)


def settings_of(leaf: Path) -> dict[str, float]:
    return {k: v for k, v in yaml.safe_load(leaf.read_text()).items() if k != "_target_"}


def pixel_boxes(seed: int, side: int) -> np.ndarray:
    """Corners x1, y1, x2, y2 in whole pixels: any, at borders, of one pixel, the full image."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, side, (BOXES, 2))
    high = rng.integers(low + 1, side + 1)
    low[::4, 0], high[1::4, 1] = 0, side
    high[2::8] = low[2::8] + 1
    low[:4], high[:4] = ((0, 0), (side - 1, side - 1), (0, side - 1), (0, 0)), side
    high[0] = 1
    return np.concatenate((low, high), 1)


def centre_form(corners: np.ndarray, side: int) -> np.ndarray:
    low, high = corners[:2] / side, corners[2:] / side
    return np.concatenate(((low + high) / 2, high - low)).astype(np.float32)


def corners_of(box: np.ndarray) -> np.ndarray:
    return np.concatenate((box[:2] - box[2:] / 2, box[:2] + box[2:] / 2))


def red_object(corners: np.ndarray, side: int, *, ellipse: bool) -> np.ndarray:
    """Colours far from saturation, which would shift the edges."""
    places = np.stack(np.meshgrid(*(np.arange(side) + 0.5,) * 2), -1)
    centre, half = (corners[:2] + corners[2:]) / 2, (corners[2:] - corners[:2]) / 2
    away = np.abs(places - centre) / half
    inside = (away**2).sum(-1) <= 1 if ellipse else away.max(-1) <= 1
    return np.where(inside[..., None], (150, 60, 60), (60, 60, 60)).astype(np.uint8)


def red_extent(image: np.ndarray) -> np.ndarray:
    """Corners of all that is at least half as red as the reddest; the border's colour is not."""
    red = image[..., 0] - image[..., 1].astype(int)
    columns, rows = (np.flatnonzero((red >= red.max() / 2).any(axis)) for axis in (0, 1))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def photograph(side: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)


def stored_side(augment: Augment, side: int) -> int:
    return round(side * augment.oversize)


@each_leaf
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - BOXES), side=st.sampled_from([16, 33, 48]))
def test_ten_thousand_boxes_stay_valid_and_inside_and_visible(
    leaf: Path, seed: int, side: int
) -> None:
    augment = Augment(**settings_of(leaf))
    bare = Augment(**(settings_of(leaf) | {"erase": 0.0}))  # erasing draws last: all else is equal
    stored = stored_side(augment, side)
    whole, visible = photograph(stored), 1 - settings_of(leaf)["erase"]
    assert visible >= (0.7 if leaf.stem == "strong" else 1)
    for k, corners in enumerate(pixel_boxes(seed, stored)):
        image, box = augment(whole, centre_form(corners, stored), seed + k, side)
        after = corners_of(box)
        assert (image.shape, image.dtype) == ((side, side, 3), np.uint8)
        assert (box.shape, box.dtype) == ((4,), np.float32)
        assert np.isfinite(box).all()
        assert (box[2:] > 0).all()
        assert after.min() >= -1e-6
        assert after.max() <= 1 + 1e-6
        if visible < 1 and k % 8 == 0:
            seen, same = bare(whole, centre_form(corners, stored), seed + k, side)
            assert np.array_equal(box, same)
            hidden = (image != seen).any(-1).sum()
            assert hidden <= (1 - visible) * box[2:].prod() * side**2 + 1e-3


@pytest.mark.parametrize("leaf", EXACT, ids=lambda leaf: leaf.stem)
def test_flips_and_crops_frame_the_very_pixels_they_framed(leaf: Path) -> None:
    augment = Augment(**(settings_of(leaf) | {"grey": 0.0}))
    for side in (33, 64):
        stored = stored_side(augment, side)
        for seed, corners in enumerate(pixel_boxes(side, stored)):
            image = red_object(corners, stored, ellipse=False)
            image, box = augment(image, centre_form(corners, stored), seed, side)
            assert np.abs(red_extent(image) - corners_of(box) * side).max() <= 1, (corners, seed)


@pytest.mark.parametrize(
    "changes",
    [TILTS, {"rotate": 45.0}, {"shear": 30.0}, settings_of(LEAVES[-1]) | NO_COLOUR | {"erase": 0}],
    ids=["tilted and cropped", "rotated", "sheared", "strong"],
)
def test_a_tilted_ellipse_touches_the_four_sides_of_its_new_box(changes: dict[str, float]) -> None:
    """At the picture's borders too: no part leaves, and no second object comes in."""
    augment, side = Augment(**changes), 96
    stored = stored_side(augment, side)
    boxes = pixel_boxes(1, stored)
    for seed, corners in enumerate(boxes[(boxes[:, 2:] - boxes[:, :2]).min(1) >= 8]):
        image = red_object(corners, stored, ellipse=True)
        image, box = augment(image, centre_form(corners, stored), seed, side)
        # of a lean ellipse the tips are thinner than a pixel, and the rest ends before them
        off = red_extent(image) - corners_of(box) * side
        assert np.abs(off).max() <= 1.5, (corners, seed)


def linear_part(augment: Augment, seed: int) -> np.ndarray:
    augment(photograph(), BOX, seed, 40)
    return augment.pipeline.transforms[0].get_applied_params()["matrix"][:, :2]


def test_a_rotation_is_rigid_and_a_shear_leans_the_axes_within_its_range() -> None:
    turns, leans = [], []
    for seed in range(100):
        turn = linear_part(Augment(flip=0.5, rotate=20.0), seed)
        assert np.allclose(turn @ turn.T, np.eye(2))
        turns.append(np.rad2deg(np.arcsin(turn[0, 1])))
        lean = linear_part(Augment(shear=10.0), seed)
        leans.append(90 - np.rad2deg(np.arccos(lean[0] @ lean[1])))
    for angles, most in ((turns, 20), (leans, 10)):
        assert -most <= min(angles) < -0.8 * most
        assert 0.8 * most < max(angles) <= most


def test_a_tilt_uncovers_the_mean_colour_and_a_crop_no_border_at_all() -> None:
    white = np.full((110, 110, 3), 255, np.uint8)
    tilted, _ = Augment(rotate=45.0)(white, BOX, 1, 96)
    found = {tuple(colour) for colour in tilted[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()}
    assert found == {BORDER}
    for seed in range(20):
        assert (Augment(flip=0.5, crop=1.0)(white, BOX, seed, 96)[0] == 255).all()


@each_leaf
def test_a_leaf_lists_every_parameter(leaf: Path) -> None:
    assert list(settings_of(leaf)) == list(inspect.signature(Augment).parameters)


@each_leaf
def test_only_what_resamples_asks_for_larger_images(leaf: Path) -> None:
    augment = Augment(**settings_of(leaf))
    assert augment.oversize == (OVERSIZE if leaf.stem in ("standard", "strong") else 1)
    assert augment.changes_nothing == (leaf.stem == "none")
    assert Augment(rotate=1.0).oversize == Augment(shear=1.0).oversize == OVERSIZE


def test_what_does_not_scale_refuses_an_image_of_another_side() -> None:
    with pytest.raises(ValueError, match=r"side 40.*found 48"):
        Augment(flip=0.5)(photograph(), BOX, 0, 40)


def test_the_same_seed_gives_the_same_result_whatever_came_before() -> None:
    one, other = Augment(**ALL), Augment(**ALL)
    other(photograph(), BOX, 1, 40)
    for seed in range(20):
        (a, a_box), (b, b_box) = (
            one(photograph(), BOX, seed, 40),
            other(photograph(), BOX, seed, 40),
        )
        assert np.array_equal(a, b)
        assert np.array_equal(a_box, b_box)


def draws(leaf: Path, num_workers: int, epoch: int = 0) -> Batch:
    """One photograph, shown 128 times in an epoch."""
    augment = Augment(**settings_of(leaf))
    split = Split(
        images=photograph(stored_side(augment, 40))[None],
        labels=np.zeros(1, np.int64),
        boxes=BOX[None],
        sizes=np.full((1, 2), 48),
        paths=["one"],
        classes=("a", "b"),
        canvas=Canvas(40),
    )
    batches = EpochBatches(128, 16, lambda epoch: permutation(0, epoch, 128), lambda: 8 * epoch)
    loader = DataLoader(
        Images(split, augment, seed=0, side=40),
        batch_sampler=batches,
        collate_fn=lambda batch: batch,
        num_workers=num_workers,
    )
    return Batch(*(torch.cat(parts) for parts in zip(*loader, strict=True)))


# torch warns where a machine has fewer cores than workers.
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("leaf", LEAVES[2:], ids=lambda leaf: leaf.stem)
def test_all_draws_are_distinct_and_workers_change_no_bit(leaf: Path) -> None:
    alone = draws(leaf, 0)
    pictures = alone.images.flatten(1)
    assert (
        len(torch.cat((pictures, draws(leaf, 0, epoch=1).images.flatten(1))).unique(dim=0)) == 256
    )
    for num_workers in (1, 2, 4):
        helped = draws(leaf, num_workers)
        assert torch.equal(helped.images, alone.images)
        assert torch.equal(helped.boxes, alone.boxes)


def test_steps_draw_numbers_of_their_own() -> None:
    """Seeded one by one, as albumentations would, all steps draw the same ones."""
    augment, grey = Augment(flip=0.5, crop=0.1, colour=1.0), np.full((48, 48, 3), 60, np.uint8)
    results = [augment(grey, np.float32([0.2, 0.5, 0.1, 0.1]), seed, 40) for seed in range(400)]
    flipped, bright = [box[0] > 0.5 for _, box in results], [image.mean() for image, _ in results]
    assert abs(np.corrcoef(flipped, bright)[0, 1]) < 0.15


def test_the_picture_and_the_box_that_go_in_are_left_as_they_are() -> None:
    for change in ({"flip": 1.0}, {"erase": 0.5}, {"colour": 0.5}, {"blur": 2.0}, ALL):
        image, box = photograph(), BOX.copy()
        for seed in range(20):
            Augment(**change)(image, box, seed, 48)
        assert np.array_equal(image, photograph())
        assert np.array_equal(box, BOX)


def test_no_augmentation_changes_nothing() -> None:
    image, same = Augment()(photograph(), BOX, 0, 48)
    assert np.array_equal(image, photograph())
    assert np.allclose(same, BOX, atol=1e-6)


def test_a_certain_flip_mirrors_picture_and_box_exactly() -> None:
    image, box = Augment(flip=1.0)(photograph(), np.float32([0.2, 0.4, 0.2, 0.3]), 0, 48)
    assert np.array_equal(image, photograph()[:, ::-1])
    assert np.allclose(box, [0.8, 0.4, 0.2, 0.3], atol=1e-6)


@pytest.mark.parametrize("crop", [0.0, 0.1])
def test_a_flip_of_one_half_flips_about_half_of_the_images(crop: float) -> None:
    augment, box = Augment(flip=0.5, crop=crop), np.float32([0.2, 0.4, 0.2, 0.3])
    flipped = [augment(photograph(), box, seed, 48)[1][0] > 0.5 for seed in range(400)]
    assert 0.4 < np.mean(flipped) < 0.6


def test_crops_make_the_object_larger_never_smaller() -> None:
    augment = Augment(crop=0.5)
    sizes = np.array([augment(photograph(), BOX, seed, 40)[1][2:] for seed in range(100)])
    assert (sizes >= BOX[2:] - 1e-6).all()
    assert (sizes <= 2 * BOX[2:]).all()
    assert sizes.mean() > 1.2 * BOX[2:].mean()


def test_a_crop_of_one_leaves_any_part_of_the_margins() -> None:
    boxes = [Augment(crop=1.0)(photograph(), BOX, seed, 40)[1] for seed in range(200)]
    assert max(box[2] for box in boxes) > 0.6
    assert min(box[2] for box in boxes) < 0.3


@pytest.mark.parametrize("hue", [-0.5, 0.0, 0.2])
@pytest.mark.parametrize("factors", [(1.3, 0.7, 1.5), (0.6, 1.4, 0.0), (1.0, 1.0, 1.0)])
def test_colours_are_those_of_a_float_reference_within_one_level(
    factors: tuple[float, float, float], hue: float
) -> None:
    brightness, contrast, saturation = factors
    image = photograph()
    mean = image.mean((0, 1))
    found = cv2.transform(image, colour_matrix(brightness, contrast, saturation, hue, mean))
    luma = np.array([0.299, 0.587, 0.114])
    expected = turned(image.astype(float), hue)
    expected = saturation * expected + (1 - saturation) * (expected @ luma)[..., None]
    expected = contrast * expected + (1 - contrast) * (mean @ luma)
    expected = (brightness * expected).clip(0, 255)
    # the standard library's YIQ rounds its weights to two digits
    assert np.abs(found - expected).max() <= (1 if hue == 0 else 3)


def turned(image: np.ndarray, hue: float) -> np.ndarray:
    """By Python's own YIQ, without its clipping, as it is linear."""
    if hue == 0:
        return image
    yiq = np.stack([colorsys.rgb_to_yiq(*unit) for unit in np.eye(3)], 1)
    cos, sin = np.cos(hue), np.sin(hue)
    return image @ (np.linalg.inv(yiq) @ [(1, 0, 0), (0, cos, -sin), (0, sin, cos)] @ yiq).T


def test_a_turn_of_hue_keeps_luma_and_grey() -> None:
    matrix = colour_matrix(1.0, 1.0, 1.0, 1.0, np.zeros(3))[:, :3]
    assert np.allclose(matrix @ np.ones(3), 1, atol=1e-3)
    assert np.allclose([0.299, 0.587, 0.114] @ matrix, [0.299, 0.587, 0.114], atol=1e-3)
    assert np.allclose(
        np.linalg.matrix_power(matrix, 2), colour_matrix(1, 1, 1, 2.0, [0] * 3)[:, :3]
    )


def test_brightness_stays_in_its_range() -> None:
    grey = np.full((48, 48, 3), 100, np.uint8)
    found = [Augment(colour=0.3)(grey, BOX, seed, 48)[0].mean() for seed in range(300)]
    assert 100 / 1.3 - 0.5 <= min(found) < 80
    assert 125 < max(found) <= 130.5


def test_a_certain_grey_takes_all_colour() -> None:
    image, _ = Augment(grey=1.0)(photograph(), BOX, 0, 48)
    assert (image == image[..., :1]).all()
    assert np.abs(image[..., 0] - photograph() @ [0.299, 0.587, 0.114]).max() <= 1


def test_every_other_picture_is_blurred_and_every_other_one_erased() -> None:
    whole = photograph(160)  # where hardly a blur is too small to be one
    for change in ({"blur": 2.0}, {"erase": 0.5}):
        augment = Augment(**change)
        same = [np.array_equal(augment(whole, BOX, seed, 160)[0], whole) for seed in range(200)]
        assert 0.4 < np.mean(same) < 0.65


@pytest.mark.parametrize("name", MOST)
@pytest.mark.parametrize("beyond", [-0.1, 0.1, float("nan")])
def test_a_number_outside_its_range_is_refused_by_name(name: str, beyond: float) -> None:
    value = MOST[name] + beyond if beyond > 0 else beyond
    with pytest.raises(ConfigError, match=rf"augment\.{name} .*\[0, {MOST[name]}\].*found {value}"):
        Augment(**{name: value})
    Augment(**{name: MOST[name]})
