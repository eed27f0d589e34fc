import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from solobox import boxes as geometry
from solobox.baselines import best_constant_box
from solobox.data.split import Split
from solobox.data.synthetic import Synthetic, _split, render
from solobox.errors import ConfigError, DataError

# sha256 of the first 16 training images at default settings. Results of years are compared on
# these pixels: if this test fails, mend the generator, not the constant.
FROZEN_HASH = "9c625c589d021fdd16ad0c402c328b83813364373498259e42c86bf35ddae79c"


def small(**knobs: Any) -> Synthetic:
    return Synthetic(**{"train": 12, "val": 6, "test": 6, "size": 16, **knobs})


def features(split: Split) -> np.ndarray:
    """Mean colour, box width and height, box area, and a one, for each image."""
    colour = split.images.mean((1, 2)) / 255
    size = split.boxes[:, 2:]
    return np.concatenate((colour, size, size.prod(1, keepdims=True), np.ones((len(split), 1))), 1)


@pytest.mark.parametrize("name", ["train", "val", "test"])
def test_the_first_images_of_a_larger_set_are_those_of_a_smaller_one(name: str) -> None:
    few = small(train=4, val=4, test=4).split(name)
    many = small(train=9, val=8, test=7).split(name)
    assert np.array_equal(few.images, many.images[:4])
    assert np.array_equal(few.boxes, many.boxes[:4])
    assert np.array_equal(few.labels, many.labels[:4])


def test_drawing_twice_gives_the_same_pixels() -> None:
    # A setting that leaves the validation images alone keeps them out of the cache.
    first, again = small().split("val"), small(train=13).split("val")
    assert np.array_equal(first.images, again.images)


def test_splits_and_seeds_show_different_images() -> None:
    several = [small().split(name).images[:6] for name in ("train", "val", "test")]
    several += [small(seed=1).split("train").images[:6]]
    images = np.concatenate(several).reshape(24, -1)
    assert len(np.unique(images, axis=0)) == 24


def test_a_split_holds_the_documented_arrays() -> None:
    split = small(train=5, size=24).split("train")
    assert (split.images.shape, split.images.dtype) == ((5, 24, 24, 3), np.uint8)
    assert (split.labels.shape, split.labels.dtype) == ((5,), np.int64)
    assert (split.boxes.shape, split.boxes.dtype) == ((5, 4), np.float32)
    assert split.sizes.tolist() == [[24, 24]] * 5
    assert len(set(split.paths)) == len(split) == 5
    assert split.classes == small().classes == ("ellipse", "triangle")


@pytest.mark.parametrize("name", ["train", "val", "test"])
def test_boxes_lie_inside_the_image(name: str) -> None:
    boxes = small(train=500, val=500, test=500, box_noise=0.5).split(name).boxes
    assert (boxes[:, 2:] > 0).all()
    assert (boxes[:, :2] - boxes[:, 2:] / 2).min() >= -1e-6
    assert (boxes[:, :2] + boxes[:, 2:] / 2).max() <= 1 + 1e-6


def test_the_longer_side_of_the_object_lies_in_the_scale() -> None:
    longer = small(train=500, scale=(0.3, 0.6)).split("train").boxes[:, 2:].max(1)
    assert 0.3 - 1e-6 <= longer.min() < 0.33
    assert 0.57 < longer.max() <= 0.6 + 1e-6


@pytest.mark.parametrize("label", [0, 1])
def test_the_object_touches_all_four_sides_of_its_box(label: int) -> None:
    size = 64
    for seed, box in enumerate(Synthetic(test=200).split("test").boxes.astype(np.float64)):
        dot = np.array([*box[:2], 0.01, 0.01])
        drawn, bare = (
            render(np.random.default_rng(seed), label, b, size).astype(int) for b in (box, dot)
        )
        rows, columns = np.nonzero(np.abs(drawn - bare).max(-1) > 8)
        low, high = (box[:2] - box[2:] / 2) * size, (box[:2] + box[2:] / 2) * size
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(seen - np.concatenate((low, high))).max() < 2, (seed, box)


def test_imbalance_is_the_ratio_of_the_classes_in_training_alone() -> None:
    source = small(train=2000, val=600, test=600, imbalance=4.0)
    c1, c2 = source.split("train").stats().counts
    assert 3.4 < c1 / c2 < 4.7
    for name in ("val", "test"):
        assert abs(source.split(name).labels.mean() - 0.5) < 0.08


def test_box_noise_replaces_the_stated_fraction_of_training_boxes_and_nothing_else() -> None:
    clean = small(train=1500, test=20).split("train")
    noisy = small(train=1500, test=20, box_noise=0.3).split("train")
    assert abs((clean.boxes != noisy.boxes).any(1).mean() - 0.3) < 0.05
    assert np.array_equal(clean.labels, noisy.labels)
    assert np.array_equal(clean.images, noisy.images)


def test_label_noise_flips_the_stated_fraction_of_training_labels_and_nothing_else() -> None:
    clean = small(train=1500, test=20).split("train")
    noisy = small(train=1500, test=20, label_noise=0.2).split("train")
    assert abs((clean.labels != noisy.labels).mean() - 0.2) < 0.04
    assert np.array_equal(clean.boxes, noisy.boxes)
    assert np.array_equal(clean.images, noisy.images)


@pytest.mark.parametrize("name", ["val", "test"])
@pytest.mark.parametrize("knob", [{"imbalance": 9.0}, {"box_noise": 1.0}, {"label_noise": 1.0}])
def test_what_spoils_training_leaves_the_other_splits_alone(name: str, knob: dict) -> None:
    clean, other = small(val=30, test=30).split(name), small(val=30, test=30, **knob).split(name)
    assert np.array_equal(clean.images, other.images)
    assert np.array_equal(clean.labels, other.labels)
    assert np.array_equal(clean.boxes, other.boxes)


def test_colour_and_size_do_not_tell_the_class() -> None:
    source = Synthetic(train=1024, test=1024)
    train, test = source.split("train"), source.split("test")
    weights, *_ = np.linalg.lstsq(features(train), 2.0 * train.labels - 1, rcond=None)
    right = (features(test) @ weights > 0) == test.labels
    assert right.mean() < 0.6


def test_no_constant_box_finds_many_objects() -> None:
    boxes = torch.from_numpy(Synthetic(train=1024, test=1024).split("test").boxes)
    best = best_constant_box(boxes, threshold=0.5)
    assert (geometry.iou(best, boxes) >= 0.5).double().mean() <= 0.30


@pytest.mark.parametrize(
    "knob",
    [
        {"train": 0},
        {"val": 0},
        {"test": -1},
        {"size": 15},
        {"scale": (0.0, 0.5)},
        {"scale": (0.5, 0.5)},
        {"scale": (0.6, 0.5)},
        {"scale": (0.5, 1.1)},
        {"scale": (0.1, float("nan"))},
        {"scale": (0.1, 0.2, 0.3)},
        {"imbalance": 0.0},
        {"imbalance": float("nan")},
        {"box_noise": -0.1},
        {"box_noise": 1.1},
        {"label_noise": -0.1},
        {"label_noise": 1.1},
        {"label_noise": float("nan")},
        {"seed": -1},
    ],
)
def test_a_number_outside_its_range_is_refused_by_name(knob: dict[str, Any]) -> None:
    (name,) = knob
    with pytest.raises(ConfigError, match=rf"data\..*{name}"):
        Synthetic(**knob)


def test_the_pixels_never_change() -> None:
    images = Synthetic(train=16).split("train").images
    assert hashlib.sha256(images.tobytes()).hexdigest() == FROZEN_HASH


def test_what_was_drawn_is_kept_for_the_next_run(tmp_path: Path) -> None:
    place = str(tmp_path / "cache")
    drawn = small(cache_dir=place).split("train")
    (file,) = (tmp_path / "cache").iterdir()
    written = file.stat().st_ino
    _split.cache_clear()
    again = small(cache_dir=place).split("train")
    assert file.stat().st_ino == written
    for name in ("images", "labels", "boxes"):
        assert np.array_equal(getattr(drawn, name), getattr(again, name))
        assert np.array_equal(getattr(drawn, name), getattr(small().split("train"), name))


def test_a_kept_drawing_is_of_the_same_settings(tmp_path: Path) -> None:
    place = str(tmp_path)
    for knobs in ({}, {"label_noise": 0.9}, {"seed": 1}, {"size": 20}, {"scale": (0.5, 0.6)}):
        for name in ("train", "val"):
            kept, drawn = small(cache_dir=place, **knobs).split(name), small(**knobs).split(name)
            assert np.array_equal(kept.images, drawn.images)
            assert np.array_equal(kept.labels, drawn.labels)
            assert np.array_equal(kept.boxes, drawn.boxes)
    assert len(list(tmp_path.glob("drawn-train-*"))) == 4  # those used last
    assert len(list(tmp_path.glob("drawn-val-*"))) == 4  # the noise is of training alone


def test_a_spoilt_file_is_drawn_anew(tmp_path: Path) -> None:
    small(cache_dir=str(tmp_path)).split("test")
    (file,) = tmp_path.iterdir()
    for spoilt in (b"", file.read_bytes()[:-60], b"x" * 500):
        file.write_bytes(spoilt)
        _split.cache_clear()
        again = small(cache_dir=str(tmp_path)).split("test")
        assert np.array_equal(again.images, small().split("test").images)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot keep the drawn images in .*data.cache_dir=null"):
        small(cache_dir=str(tmp_path / "file" / "cache")).split("val")
