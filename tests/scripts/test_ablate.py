"""What each piece of a recipe brings."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.command import Outcome

from scripts import ablate

Train = Callable[..., Outcome]
EVERY = [(recipe, name) for recipe, (_, variants) in ablate.RECIPES.items() for name in variants]


@pytest.mark.parametrize(("recipe", "name"), EVERY)
def test_every_variant_composes(train: Train, recipe: str, name: str) -> None:
    options, variants = ablate.RECIPES[recipe]
    out = train(*options, *variants[name], "--cfg", "job").out
    assert "max_time" in out


def test_differences_are_paired_by_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablate, "RUNS", tmp_path)
    monkeypatch.setattr(ablate, "DOCS", tmp_path)
    for seed, value in ((0, 0.5), (1, 0.7)):
        for name, more in (("the recipe", 0.0), ("decode exp", 0.1)):
            run = ablate.folder("embedded", name, seed)
            run.mkdir(parents=True)
            figures = {f"val/{key}": value + more for key in ablate.METRICS}
            (run / "metrics.json").write_text(json.dumps(figures | {"val/n": 9.0, "seconds": 7.0}))
    arguments = argparse.Namespace(recipe="embedded", options=[], seeds=2)
    ablate.write(arguments, ["the recipe", "decode exp", "onecycle"], "command")
    ablate.write(arguments, ["the recipe", "decode exp", "onecycle"], "command")
    text = (tmp_path / "recipe.md").read_text()
    assert text.count("## embedded") == 1
    # means .5 and .7: t(1) sd / sqrt 2 = 12.706 * .1414 / 1.414 = 1.271; the difference is .1 twice
    assert "| the recipe | 0.600 ± 1.271 |" in text
    assert "| decode exp | +0.100 ± 0.000 |" in text
    assert "onecycle" not in text  # has not run


def test_another_way_of_asking_judges_the_recipe_s_own_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed: list[list[str]] = []
    monkeypatch.setattr(ablate, "evaluate", lambda: typed.append(sys.argv))
    monkeypatch.setattr(ablate, "run", lambda *_: pytest.fail("trained again"))
    trained, judged = tmp_path / "trained", tmp_path / "judged"
    ablate.judge(trained, ["evaluate.flip=false"], judged)
    assert not typed  # it is not finished
    trained.mkdir()
    (trained / "metrics.json").touch()
    ablate.judge(trained, ["evaluate.flip=false"], judged)
    best = str(trained / "checkpoints" / "best.ckpt")
    assert typed == [["solobox evaluate", best, "evaluate.flip=false", "--out", str(judged)]]
