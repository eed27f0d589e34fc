"""`python train.py` from its first line to what it leaves behind."""

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tests.command import ROOT, SMALL, Outcome

from solobox import losses

Train = Callable[..., Outcome]
PRESETS = sorted(path.stem for path in (ROOT / "configs" / "loss").glob("*.yaml"))


@pytest.fixture
def finished(train: Train) -> Outcome:
    """A finished run on small images, with pictures."""
    return train(*SMALL, "loss=focal_balancedl1", "callbacks.box_images.count=4")


def test_a_run_leaves_behind_all_it_promises(finished: Outcome) -> None:
    names = {path.relative_to(finished.run).as_posix() for path in finished.run.rglob("*")}
    names = {re.sub(r"events\..*", "events", name) for name in names}
    assert names == {
        "checkpoints", "checkpoints/best.ckpt", "checkpoints/last.ckpt", "config.yaml", "events",
        "history.csv", "metrics.json", "predictions_test.csv", "predictions_val.csv",
        "identity.json", ".lock", "suspects.csv",
    }  # fmt: skip
    assert {path.name for path in finished.folder.iterdir()} == {"data", "runs"}  # kept drawings


def test_the_figures_are_there_for_both_splits(finished: Outcome) -> None:
    figures = finished.metrics
    for split in ("val", "test"):
        for name in ("acc", "iou", "gt_known_50", "loc_50", "loc_70", "constant_iou",
                     "constant_gt_known_50", "constant_loc_50", "majority_acc"):  # fmt: skip
            assert 0 <= figures[f"{split}/{name}"] <= 1
        assert figures[f"{split}/n"] == 16
    assert figures["seconds"] > 0 and figures["images_per_s"] > 0 and figures["seed"] == 0
    assert re.fullmatch("[0-9a-f]{40}", figures["git_commit"])


def test_the_figures_are_those_of_the_predictions(finished: Outcome) -> None:
    with open(finished.run / "predictions_test.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    right = [row["true"] == row["predicted"] for row in rows]
    found = [float(row["iou"]) >= 0.5 for row in rows]
    both = [a and b for a, b in zip(right, found, strict=True)]
    assert finished.metrics["test/acc"] == pytest.approx(sum(right) / 16)
    assert finished.metrics["test/loc_50"] == pytest.approx(sum(both) / 16)
    for row in rows:
        assert float(row["p_ellipse"]) + float(row["p_triangle"]) == pytest.approx(1, abs=1e-5)
        assert 0 <= float(row["x1"]) <= float(row["x2"]) <= 32


def test_history_has_a_row_an_epoch(finished: Outcome) -> None:
    with open(finished.run / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert [row["step"] for row in rows] == ["3", "6"]
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())


def test_tensorboard_shows_losses_weights_metrics_images_and_hparams(finished: Outcome) -> None:
    events = EventAccumulator(str(finished.run), size_guidance={"images": 0}).Reload()
    tags = events.Tags()
    wanted = {
        "loss/classification", "loss/localisation", "loss/total", "lr", "balance/pull_class",
        "balance/pull_box", "balance/share_box", "balance/weight_box", "balance/cosine",
        "balance/inliers", "phase", "val/acc", "val/iou", "val/loc_50", "final/acc", "final/loc_50",
    }  # fmt: skip
    assert wanted <= set(tags["scalars"])
    assert any(tag.startswith("val/boxes") for tag in tags["images"])
    assert "_hparams_/session_start_info" in events.PluginTagToContent("hparams")
    assert events.Scalars("final/iou")[-1].value == pytest.approx(finished.metrics["val/iou"])


def test_the_checkpoint_describes_itself_and_holds_plain_data(finished: Outcome) -> None:
    from solobox import models

    state = torch.load(finished.run / "checkpoints" / "best.ckpt", weights_only=True)
    model = models.build(state["solobox"]["model"])
    prefix = "model."
    weights = {k[6:]: v for k, v in state["state_dict"].items() if k.startswith(prefix)}
    model.load_state_dict(weights)
    assert model.classes == ("ellipse", "triangle")


def test_the_terminal_ends_with_a_table(finished: Outcome) -> None:
    assert "Top-1 Loc@.5" in finished.out and "constant" in finished.out
    assert "losses: class" in finished.out and "box" in finished.out


def test_the_run_is_named_after_its_choices(train: Train) -> None:
    run = train(*SMALL, "loss/classification=focal", "loss/localisation=balanced_l1",
                "loss/combine=max", "optimizer.lr=0.01", "seed=3").run  # fmt: skip
    assert run.name.startswith("focal-balanced_l1-max-synthetic-tiny-")
    assert "lr_0.01" in run.name and run.name.endswith("-s3")
    assert re.fullmatch(r"[A-Za-z0-9._-]+", run.name)


def test_the_same_choices_twice_make_two_directories(train: Train) -> None:
    train(*SMALL, "trainer=debug")
    assert len(train(*SMALL, "trainer=debug").runs) == 2


def test_hydra_run_dir_decides_the_place_and_is_not_shared(train: Train) -> None:
    first = train(*SMALL, "trainer=debug", "hydra.run.dir=here/it/is")
    assert first.run == first.folder / "here" / "it" / "is"
    before = (first.run / "metrics.json").read_bytes()
    second = train(*SMALL, "trainer=debug", "hydra.run.dir=here/it/is", expect=1)
    assert "already belongs to a run" in second.err
    assert (first.run / "metrics.json").read_bytes() == before


def test_a_sweep_trains_each_combination_in_its_own_directory(train: Train) -> None:
    outcome = train("-m", *SMALL, "trainer=debug", "loss=ce_l2,focal_balancedl1", "seed=0,1")
    sweep = {run.parent for run in outcome.runs}
    assert len(sweep) == 1 and sweep.pop().parent == outcome.folder / "runs"
    assert len(outcome.runs) == 4
    seeds = [json.loads((run / "metrics.json").read_text())["seed"] for run in outcome.runs]
    assert sorted(seeds) == [0, 0, 1, 1]


def test_a_failing_job_does_not_stop_a_sweep(train: Train) -> None:
    outcome = train("-m", *SMALL, "trainer=debug", "hydra.sweep.dir=sweep",
                    "data.batch_size=0,16", expect=1)  # fmt: skip
    assert "batch_size must be >= 1" in outcome.err
    assert outcome.run.parent == outcome.folder / "sweep"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_trains(train: Train, preset: str) -> None:
    assert train(*SMALL, "trainer=debug", f"loss={preset}").metrics["val/n"] == 16


def test_early_stopping_and_a_time_limit_end_a_run(train: Train) -> None:
    short = train(*SMALL, "callbacks=early_stop", "callbacks.early_stop.patience=1",
                  "optimizer.lr=0.0", "trainer.max_epochs=50", "hydra.run.dir=early")  # fmt: skip
    assert len((short.run / "history.csv").read_text().splitlines()) == 1 + 2
    timed = train(*SMALL, "trainer.max_epochs=100000", "trainer.max_time=2", "hydra.run.dir=timed")
    assert 1 < json.loads((timed.folder / "timed/metrics.json").read_text())["seconds"] < 20


LEAVES = [
    f"{group}={path.stem}"
    for group in ("optimizer", "scheduler", "model/head", "model/decode")
    for path in sorted((ROOT / "configs" / group).glob("*.yaml"))
]


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_optimizer_scheduler_head_and_decoding_trains(train: Train, leaf: str) -> None:
    outcome = train(*SMALL, "trainer=debug", leaf)
    assert outcome.metrics["val/n"] == 16


def test_mirror_images_and_a_second_look_if_wanted(train: Train) -> None:
    ways = {"plain": [], "flip": ["evaluate.flip=true"], "zoom": ["evaluate.zoom=true"],
            "both": ["evaluate.flip=true", "evaluate.zoom=true"]}  # fmt: skip
    found = set()
    for name, options in ways.items():
        folder = train(*SMALL, *options, f"hydra.run.dir={name}").folder
        found.add(json.loads((folder / name / "metrics.json").read_text())["val/iou"])
    assert len(found) == 4
    assert all(0 < iou < 1 for iou in found)


@pytest.mark.slow
def test_compiled_trunk_trains_and_its_checkpoint_needs_no_compiler(train: Train) -> None:
    outcome = train(*SMALL, "trainer.compile=true")
    state = torch.load(outcome.run / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    assert not any("_orig_mod" in key for key in state)


def test_bfloat16_trains_with_the_default_optimizer(train: Train) -> None:
    outcome = train(*SMALL, "trainer.precision=bf16-mixed")
    assert math.isfinite(outcome.metrics["val/iou"])


def test_a_diverging_run_stops_with_a_sentence_and_spoils_no_checkpoint(train: Train) -> None:
    outcome = train(*SMALL, "optimizer.lr=1e30", "trainer.gradient_clip_val=0.0",
                    "trainer.max_epochs=4", "loss=ce_l2", expect=1)  # fmt: skip
    assert "diverged" in outcome.err and "lower optimizer.lr" in outcome.err
    for path in (outcome.run / "checkpoints").glob("*.ckpt"):
        state = torch.load(path, weights_only=True)["state_dict"]
        assert all(value.isfinite().all() for value in state.values())


def test_a_damaged_test_image_is_found_before_training(train: Train, tmp_path: Path) -> None:
    root = tmp_path / "pets"
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    for i, split in enumerate(["train", "train", "val", "test"]):
        Image.effect_noise((40, 40), 50).save(root / f"JPEGImages/{i}.jpg")
        box = "<xmin>4</xmin><ymin>4</ymin><xmax>30</xmax><ymax>30</ymax>"
        (root / f"Annotations/{i}.xml").write_text(
            f"<a><filename>{i}.jpg</filename><object><name>{'cat' if i % 2 else 'dog'}</name>"
            f"<bndbox>{box}</bndbox></object></a>"
        )
        with open(root / f"ImageSets/Main/{split}.txt", "a") as file:
            file.write(f"{i}\n")
    cut = root / "JPEGImages/3.jpg"
    cut.write_bytes(cut.read_bytes()[:600])
    outcome = train("data=voc", f"data.root={root}", "trainer=debug", expect=1)
    assert "3.jpg: the image is damaged" in outcome.err
    assert outcome.runs == []


def test_real_photographs_train(train: Train, shared: Path) -> None:
    root = shared / "data" / "raccoon_kangaroo"
    outcome = train("data=voc", f"data.root={root}", "data.size=32", "augment=standard",
                    "trainer=debug")  # fmt: skip
    assert outcome.metrics["val/n"] == 44
    assert "test/n" not in outcome.metrics
    with open(outcome.run / "predictions_val.csv", newline="") as file:
        assert {row["true"] for row in csv.DictReader(file)} == {"kangaroo", "raccoon"}


def test_leaves_in_python_and_on_the_command_line_are_the_same() -> None:
    for role in losses.GROUPS:
        folder = ROOT / "configs" / "loss" / role
        variants = {p.stem for p in folder.glob("*.yaml") if "defaults:" in p.read_text()}
        found = {path.stem for path in folder.glob("*.yaml")}
        assert sorted(found - variants) == losses.available(role)
