"""Training on a folder of photographs, as a person does."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.command import Outcome
from tests.data.photographs import annotate, numbered, split_lists

from solobox import boxes
from solobox.engine.checkpoint_io import read_checkpoint

Train = Callable[..., Outcome]
PETS = (
    "data=auto", "data.root=pets", "data.size=32", "data.batch_size=8", "trainer.max_epochs=1",
    "trainer=cpu", "callbacks.box_images.count=2",
)  # fmt: skip


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    annotate(tmp_path / "pets", numbered("cat", 12), "cat")
    annotate(tmp_path / "pets", numbered("dog", 8), "dog")
    return tmp_path / "pets"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_says_what_it_found_and_lists_every_image(train: Train, pets: Path) -> None:
    (pets / "Annotations" / "cat3.xml").write_text("<annotation/>")
    outcome = train(*PETS, "data.objects=drop")
    assert "data: pets: Pascal VOC, without split lists; train 15, val 4 (20%" in outcome.out
    assert "data: left out: no object 1" in outcome.out
    listed = rows(outcome.run / "split.csv")
    assert len(listed) == 20
    (left,) = (row for row in listed if row["left_out"])
    assert (left["image"], left["split"]) == ("JPEGImages/cat3.png", "")
    predicted = [Path(row["path"]).name for row in rows(outcome.run / "predictions_val.csv")]
    assert predicted == [Path(row["image"]).name for row in listed if row["split"] == "val"]


def test_a_second_run_uses_the_same_split_and_the_packed_images(
    train: Train, pets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(*PETS, "augment=standard")
    monkeypatch.setattr(
        "solobox.data.store.decode.open_upright", lambda path: pytest.fail(f"{path}")
    )
    train(*PETS, "augment=standard", "seed=1")
    one, other = (rows(run / "split.csv") for run in first.folder.glob("runs/*"))
    assert one == other


def test_a_run_is_refused_to_go_on_with_other_images(train: Train, pets: Path) -> None:
    first = train(*PETS)
    last = first.run / "checkpoints" / "last.ckpt"
    annotate(pets, ["cat99"], "cat")
    again = train(f"ckpt_path={last}", "trainer.max_epochs=2", expect=1)
    assert "not those that the run began with: 1 differ" in again.err
    (pets / "Annotations" / "cat99.xml").unlink()
    (pets / "JPEGImages" / "cat99.png").unlink()
    train(*PETS, f"ckpt_path={last}", "data.cache=ram", "trainer.max_epochs=2")


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_where_decoded_images_are_kept_does_not_change_a_bit(
    train: Train, pets: Path, cache: str
) -> None:
    split_lists(pets, train=numbered("cat", 9) + numbered("dog", 6), val=["cat10", "dog7"])
    for place in ("disk", cache):
        train(*PETS, f"data.cache={place}", f"hydra.run.dir={place}")
    one, other = (
        read_checkpoint(pets.parent / place / "checkpoints" / "last.ckpt")["state_dict"]
        for place in ("disk", cache)
    )
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("augment", ["none", "light", "standard", "strong"])
def test_every_augmentation_trains(train: Train, pets: Path, augment: str) -> None:
    assert train(*PETS, f"augment={augment}").metrics["val/n"] == 4


def test_letterboxed_predictions_are_boxes_of_the_original_images(train: Train, pets: Path) -> None:
    outcome = train(*PETS, "data.resize=letterbox")
    checkpoint = read_checkpoint(outcome.run / "checkpoints" / "best.ckpt")
    assert checkpoint["solobox"]["model"]["resize"] == "letterbox"
    for row in rows(outcome.run / "predictions_val.csv"):
        said, true = (
            [float(row[prefix + key]) for key in ("x1", "y1", "x2", "y2")]
            for prefix in ("", "true_")
        )
        assert true == [6, 4, 18, 12]  # as annotated, in pixels
        assert 0 <= said[0] < said[2] <= 24 and 0 <= said[1] < said[3] <= 16
        overlap = boxes.iou(*(boxes.to_centre(torch.tensor(b)) for b in (said, true)))
        assert float(overlap) == pytest.approx(float(row["iou"]), abs=0.01)
    history = rows(outcome.run / "history.csv")
    assert float(history[-1]["val/iou"]) == pytest.approx(outcome.metrics["val/iou"], abs=1e-5)


def test_a_broken_file_stops_the_run_before_anything_is_written(train: Train, pets: Path) -> None:
    image = pets / "JPEGImages" / "cat3.png"
    image.write_bytes(image.read_bytes()[:-200])
    outcome = train(*PETS, expect=1)
    assert "cat3.png: the image is damaged" in outcome.err
    assert outcome.runs == []


def test_real_photographs_in_coco_form_are_trained_on(train: Train, shared: Path) -> None:
    root = shared / "data" / "cars_trucks_coco"
    outcome = train(*PETS, f"data.root={root}", "trainer.max_steps=2", "data.cache=ram")
    assert "COCO, a folder for each split; 1 unused category left out (cars-trucks)" in outcome.out
    counts = {
        split: len(json.loads((root / split / "_annotations.coco.json").read_text())["images"])
        for split in ("train", "valid")
    }
    assert f"train {counts['train']}, val {counts['valid']} (as the folder says)" in outcome.out
    assert outcome.metrics["val/n"] == counts["valid"]


def test_a_checkpoint_of_an_odd_size_image_is_drawn(train: Train, pets: Path) -> None:
    Image.fromarray(np.zeros((3, 90, 3), np.uint8)).save(pets / "JPEGImages" / "cat0.png")
    source = pets / "Annotations" / "cat0.xml"
    source.write_text(
        source.read_text().replace("<ymax>12", "<ymax>3").replace("<ymin>4", "<ymin>1")
    )
    train(*PETS, "data.resize=letterbox")
