"""`loss/combine=calibrated` measures before the first step."""

from collections.abc import Callable

import pytest
from tests.command import SMALL, Outcome

from solobox.engine.checkpoint_io import read_checkpoint

Train = Callable[..., Outcome]
FAINT = ("loss/localisation=huber", "loss.localisation.delta=0.001", "loss/combine=calibrated")


def beta(outcome: Outcome) -> float:
    state = read_checkpoint(outcome.run / "checkpoints" / "last.ckpt")["state_dict"]
    return float(state["objective.combine.beta"])


def test_a_faint_box_loss_is_given_its_weight(train: Train) -> None:
    assert beta(train(*SMALL, *FAINT, "hydra.run.dir=faint")) > 10
    strong = train(*SMALL, "loss/localisation=yolo_v1", "loss.localisation.lambda_coord=500.0",
                   "loss/combine=calibrated", "hydra.run.dir=strong")  # fmt: skip
    state = read_checkpoint(strong.folder / "strong" / "checkpoints" / "last.ckpt")["state_dict"]
    assert float(state["objective.combine.beta"]) < 0.1


def test_first_steps_see_the_batches_they_would_have_seen_without_it(train: Train) -> None:
    plain = train(*SMALL, "loss=ce_l2", "hydra.run.dir=plain", "optimizer.lr=0.0")
    calibrated = train(*SMALL, "loss=ce_l2", "loss/combine=calibrated", "optimizer.lr=0.0",
                       "hydra.run.dir=calibrated")  # fmt: skip
    one, other = (
        (outcome.folder / name / "history.csv").read_text().splitlines()[1].split(",")[3:5]
        for outcome, name in ((plain, "plain"), (calibrated, "calibrated"))
    )
    assert one == other


def test_a_loss_that_sends_nothing_is_refused_in_a_sentence(train: Train) -> None:
    outcome = train(*SMALL, "loss/combine=calibrated", "loss/classification=hinge",
                    "loss/localisation=iou", "data.scale=[0.01,0.02]", expect=1)  # fmt: skip
    assert outcome.err.startswith("error: loss/combine: the gradient of the localisation loss must")
    assert len(outcome.err.strip().splitlines()) == 1


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_it_works_in_every_precision(train: Train, precision: str) -> None:
    assert beta(train(*SMALL, *FAINT, f"trainer.precision={precision}")) > 10
