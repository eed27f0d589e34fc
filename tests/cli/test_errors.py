"""What is mistyped or broken gets one sentence that helps, and leaves nothing behind."""

from collections.abc import Callable

import pytest
from tests.command import SMALL, Outcome

Train = Callable[..., Outcome]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("trainer.max_epoch=3", "no option 'trainer.max_epoch', did you mean 'trainer.max_epochs'"),
        ("loss=focal_balancedl", "did you mean 'focal_balancedl1'"),
        ("loss/combine=maxx", "loss/combine has no option 'maxx', did you mean 'max'"),
        ("los=ce_l2", "no option 'los', did you mean 'loss'"),
        ("lss/combine=max", "did you mean 'loss/combine'"),
        ("optimizer.lr=fast", "optimizer.lr must be a number"),
        ("seed=1.5", "seed must be a whole number"),
        ("data.batch_size=many", "data.batch_size must be a whole number"),
        ("loss.localisation.beta=1", "no option 'loss.localisation.beta'"),
        ("optimizer.lr", "expected key=value"),
        ("data.imbalance=-1", "data.imbalance must be > 0"),
        ("model.backbone=resnet19", "model.backbone must be"),
        ("data=voc", "data.root is not set"),
        ("trainer.max_time=soon", "trainer.max_time must be seconds"),
        ("loss/localisation=smooth_l1 loss.localisation.beta=0.0", "beta must be > 0; found 0.0"),
        ("loss/classification=focal loss.classification.weight=[1.0]", "each of 2 classes"),
        ("loss/classification=sigmoid_focal loss.classification.alpha=[0.5]", "each of 2 classes"),
        ("loss/classification=sigmoid_focal loss.classification.alpha=much", "found 'much'"),
        ("loss/classification=sigmoid_focal loss.classification.gamma=-1.0", "gamma must be >= 0"),
        ("loss/reduce=ohem loss.reduce.by=size", "by must be classification, localisation or sum"),
        ("ckpt_path=nowhere.ckpt", "there is no checkpoint nowhere.ckpt"),
        ("data=voc data.root=nowhere", "there is no folder nowhere"),
        ("+trainer.colour=red", "trainer"),
        ("trainer.devices=2", "trainer.devices=2 needs trainer=ddp"),
        ("optimizer.lr=-1.0", "optimizer: Invalid learning rate"),
        ("seed=-1", "seed must be in"),
        ("callbacks.box_images.count=-1", "callbacks.box_images"),
        ("data.root=a=b", "quotes around a value"),
        ("model=squeezenet1_0 data.size=16", "data.size=16 is too small for squeezenet1_0"),
    ],
)
def test_a_mistake_gets_one_sentence(train: Train, typed: str, sentence: str) -> None:
    small = () if "data=voc" in typed else SMALL[:5]
    outcome = train(*small, "trainer=debug", *typed.split(), expect=1)
    assert sentence in outcome.err
    assert "Traceback" not in outcome.err + outcome.out
    assert outcome.err.startswith("error: ")
    assert len(outcome.err.strip().splitlines()) == 1
    assert outcome.runs == []
    assert {path.name for path in outcome.folder.iterdir()} <= {"data"}  # kept drawings


@pytest.mark.parametrize("value", ["00:00:10:00", "null"])
def test_a_recipes_seconds_may_be_written_otherwise(train: Train, value: str) -> None:
    where = ("data.root=nowhere", "model.weights=null")
    told = train("experiment=photos", f"trainer.max_time={value}", *where, expect=1)
    assert "there is no folder nowhere" in told.err
