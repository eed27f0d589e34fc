"""Flags of Hydra among options, in any order."""

from collections.abc import Callable

from tests.command import Outcome

Train = Callable[..., Outcome]


def test_info_takes_a_value_or_none(train: Train) -> None:
    told = train("--info", "seed=7", "loss=max_ce_l2").out
    assert "seed: 7" in told and "solobox.losses.combine.max.Max" in told
    assert "seed: 7" in train("seed=5", "--info", "config", "seed=7", "loss=ce_l1").out


def test_the_pickle_of_an_earlier_job_is_refused(train: Train) -> None:
    for flag in (("--experimental-rerun", "gone.pickle"), ("--experimental-r=gone.pickle",)):
        refused = train(*flag, "seed=7", expect=1)
        assert "would run what a pickle holds; continue a run with ckpt_path" in refused.err


def test_the_config_of_a_sweep_is_refused(train: Train) -> None:
    refused = train("-m", "seed=0,1", "--cfg", "job", expect=1)
    assert refused.err == "error: --cfg prints the config of one run; leave out -m\n"
