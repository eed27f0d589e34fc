"""Names of runs and sweeps."""

from solobox.cli.naming import run_name, sweep_name

CHOICES = {
    "loss": "focal_balancedl1",
    "loss/classification": "focal",
    "loss/localisation": "balanced_l1",
    "loss/combine": "weighted",
    "loss/reduce": "mean",
    "data": "voc",
    "model": "mobilenet_v2",
    "model/head": "linear",
    "optimizer": "sgd",
    "trainer": "cpu",
}


def test_a_run_is_named_after_its_leaves_and_what_was_typed() -> None:
    typed = ["loss=focal_balancedl1", "data=voc", "data.root=some/where", "model/head=linear",
             "optimizer=sgd", "trainer=cpu", "loss.combine.beta=2.5", "seed=4"]  # fmt: skip
    name = run_name(CHOICES, typed, 4)
    assert name == "focal-balanced_l1-weighted-voc-mobilenet_v2-linear-sgd-beta_2.5-s4"


def test_another_reduction_shows_in_the_name() -> None:
    assert "-ohem-" in run_name({**CHOICES, "loss/reduce": "ohem"}, ["loss/reduce=ohem"], 0)


def test_a_long_name_keeps_its_seed() -> None:
    name = run_name(CHOICES, [f"data.k{i}={i}" for i in range(50)], 7)
    assert len(name) <= 120 and name.endswith("-s7")


def test_a_sweep_is_named_after_what_is_swept() -> None:
    assert sweep_name(["loss=a,b", "seed=0,1"]) == "sweep-loss-a-b-seed-0-1"
