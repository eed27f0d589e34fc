"""`solobox evaluate CKPT`: figures of a checkpoint on its own images and on others."""

import csv
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from tests.cli.test_train import Train
from tests.command import ROOT, SMALL, Outcome

BEST = "run/checkpoints/best.ckpt"
Evaluate = Callable[..., Outcome]


@pytest.fixture
def evaluate(solobox: Evaluate) -> Evaluate:
    """`solobox evaluate ...` in the folder of the fixture `train`."""
    return partial(solobox, "evaluate")


def figures(folder: str) -> dict[str, float]:
    return json.loads((Path(folder) / "metrics.json").read_text())


def test_on_its_own_images_it_says_what_the_run_said(train: Train, evaluate: Evaluate) -> None:
    train(*SMALL, "hydra.run.dir=run", "evaluate.flip=true")
    out = evaluate(BEST).out
    before, after = figures("run"), figures("runs/evaluate-run")
    same = [key for key in before if key.startswith(("val/", "test/"))]
    assert len(same) > 80 and all(before[key] == after[key] for key in same)
    assert after["checkpoint"] == BEST and after["command"] == f"solobox evaluate {BEST}"
    assert "mean IoU" in out and "page: " in out
    page = Path("runs/evaluate-run/report.html").read_text()
    assert BEST in page and "Who dominated" not in page and "The worst images" in page
    for split in ("val", "test"):
        written = Path(f"runs/evaluate-run/predictions_{split}.csv")
        assert written.read_bytes() == Path(f"run/predictions_{split}.csv").read_bytes()
    with open(written, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        right, found = row["true"] == row["predicted"], float(row["iou"]) >= 0.5
        words = {(1, 1): "both right", (1, 0): "box wrong", (0, 1): "class wrong"}
        assert row["verdict"] == words.get((right, found), "both wrong")


def test_other_images_one_split_and_another_way_of_asking(
    small_run: Path, evaluate: Evaluate
) -> None:
    evaluate(BEST, "data.seed=5", "evaluate.zoom=true", "--split", "test", "--out", "there")
    found = figures("there")
    assert found["test/n"] == 16 and "val/n" not in found
    assert found["test/iou"] != figures("run")["test/iou"]
    assert "data.seed=5 evaluate.zoom=true --split test --out there" in found["command"]
    assert sorted(path.name for path in Path("there").iterdir()) == [
        "metrics.json", "predictions_test.csv", "report.html",
    ]  # fmt: skip
    assert (
        "there belongs to a run or an evaluation" in evaluate(BEST, "--out", "there", expect=1).err
    )


def test_a_folder_is_judged_whole_and_in_another_layout(
    shared: Path, train: Train, evaluate: Evaluate
) -> None:
    data = shared / "data"
    train("data=voc", f"data.root={data / 'neu_det'}", "data.size=32", "model=tiny",
          "trainer.max_steps=2", "trainer=cpu", "report=false", "hydra.run.dir=run")  # fmt: skip
    out = evaluate(BEST, "--split", "all", "--out", "whole").out
    assert "those it was trained on included" in out
    listed = figures("run")
    count = len(list((data / "neu_det" / "Annotations").glob("*.xml")))
    assert listed["val/n"] < figures("whole")["all/n"] <= count
    assert "all/majority_acc" not in figures("whole")
    anew = evaluate(BEST, "data.seed=1", expect=1).err
    assert "call some of its training images validation" in anew
    pets = f"data.root={data / 'raccoon_kangaroo'}"
    sentence = evaluate(BEST, pets, expect=1).err
    assert "raccoon" in sentence or "kangaroo" in sentence
    assert "knows crazing" in evaluate(BEST, "data=synthetic", expect=1).err
    assert not Path("runs/evaluate-run").exists()


def test_other_images_may_lack_a_class(shared: Path, train: Train, evaluate: Evaluate) -> None:
    data = shared / "data" / "raccoon_kangaroo"
    train("data=voc", f"data.root={data}", "data.size=32", "model=tiny", "trainer.max_steps=2",
          "trainer=cpu", "report=false", "hydra.run.dir=run")  # fmt: skip
    for name in ("Annotations", "JPEGImages"):
        (Path("mine") / name).mkdir(parents=True)
    for path in sorted((data / "Annotations").glob("raccoon-1*.xml"))[:5]:
        image = data / "JPEGImages" / f"{path.stem}.jpg"
        shutil.copy(path, Path("mine") / "Annotations")
        shutil.copy(image, Path("mine") / "JPEGImages")
    evaluate(BEST, "data.root=mine", "--recall", "1", "--out", "there")
    found = figures("there")
    assert found["all/n"] == 5 and found["all/recall_class/kangaroo"] == 0
    assert found["all/threshold_recall/raccoon"] == 1 and "threshold/kangaroo" not in found
    assert "threshold for recall 1.0 on all" in Path("there/report.html").read_text()


def test_a_threshold_for_a_recall_is_chosen_on_val_and_judged_on_test(
    train: Train, evaluate: Evaluate
) -> None:
    train(*SMALL, "hydra.run.dir=run", "data.val=64", "data.test=64")
    out = evaluate(BEST, "--recall", "0.9", "--out", "there").out
    assert "thresholds for a recall of 0.9 on val" in out
    assert "threshold for recall 0.9 on val" in Path("there/report.html").read_text()
    found = figures("there")
    for name in ("ellipse", "triangle"):
        assert found[f"val/threshold_recall/{name}"] >= 0.9
        with open("there/predictions_test.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        hit = [float(row[f"p_{name}"]) >= found[f"threshold/{name}"] for row in rows]
        true = [row["true"] == name for row in rows]
        both = sum(h and t for h, t in zip(hit, true, strict=True))
        assert found[f"test/threshold_recall/{name}"] == both / sum(true)
        assert found[f"test/threshold_precision/{name}"] == both / max(1, sum(hit))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.ckpt"], "there is no checkpoint missing.ckpt"),
        ([BEST, "model=resnet18"], "model=resnet18: evaluate takes data=NAME"),
        ([BEST, "+evaluate.foo=1"], "+evaluate.foo=1: evaluate takes"),
        ([BEST, "~data.seed"], "~data.seed: evaluate takes"),
        ([BEST, "evaluate={flip:true}"], "give one value at a time, evaluate.KEY=VALUE"),
        ([BEST, "data={seed:3}"], "give one value at a time, data.KEY=VALUE"),
        ([BEST, "data.batch_size=0"], "data.batch_size must be >= 1; found 0"),
        ([BEST, "--out", "run"], "run belongs to a run or an evaluation"),
        ([BEST, "data.size=64"], "data.size is part of the checkpoint"),
        ([BEST, "data.sed=1"], "there is no option 'data.sed', did you mean 'data.seed'?"),
        ([BEST, "data.seed=x"], "data.seed must be a whole number"),
        ([BEST, "--split", "all"], "--split all is for a folder"),
        ([BEST, "--recall", "1.5"], "--recall must be in (0, 1]; found 1.5"),
        ([BEST, "data=voc"], "data.root is not set"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_leaves_nothing(
    small_run: Path, evaluate: Evaluate, arguments: list[str], sentence: str
) -> None:
    assert sentence in evaluate(*arguments, expect=1).err
    assert not Path("runs").exists()


def test_a_source_of_ones_own_is_found_where_train_found_it(
    train: Train, evaluate: Evaluate, solobox: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path.cwd())
    Path("own_source.py").write_text(
        "from solobox.data.synthetic import Synthetic\n\n\nclass Own(Synthetic): ...\n"
    )
    leaf = (ROOT / "configs" / "data" / "synthetic.yaml").read_text()
    Path("mine/data").mkdir(parents=True)
    Path("mine/data/own.yaml").write_text(
        leaf.replace("solobox.data.synthetic.Synthetic", "own_source.Own")
    )
    train("--config-dir", "mine", "data=own", *SMALL, "trainer.max_steps=1", "hydra.run.dir=run")
    words = [["evaluate", BEST], ["export", BEST, "--format", "safetensors"]]
    for command in words:
        refused = solobox(*command, expect=1).err
        assert "asks for own_source.Own" in refused and "--config-dir" in refused
        solobox(*command, "--config-dir", "mine")
    before, after = figures("run"), figures("runs/evaluate-run")
    assert before["test/iou"] == after["test/iou"] and before["val/loc_50"] == after["val/loc_50"]
    assert after["command"] == f"solobox evaluate {BEST} --config-dir mine"
    evaluate(BEST, "data=own", "data.seed=4", "--config-dir", "mine", "--out", "there")
    assert figures("there")["test/iou"] != before["test/iou"]
    nowhere = evaluate(BEST, "--config-dir", "gone", expect=1).err
    assert "--config-dir must be a folder of config files; found gone" in nowhere


def test_an_old_or_hostile_checkpoint_is_refused(small_run: Path, evaluate: Evaluate) -> None:
    state = torch.load(BEST, weights_only=True)
    state["solobox"]["format"] = 2
    torch.save(state, "old.ckpt")
    assert "expected format" in evaluate("old.ckpt", expect=1).err
    state = torch.load(BEST, weights_only=True)
    state["solobox"]["config"]["data"]["_target_"] = "os.system"
    torch.save(state, "hostile.ckpt")
    assert "the checkpoint asks for os.system" in evaluate("hostile.ckpt", expect=1).err
