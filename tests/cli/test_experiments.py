"""Recipes: what their files say is what a run gets."""

from pathlib import Path

import pytest
import yaml
from tests.cli.test_train import Train
from tests.command import ROOT

from solobox.engine.effective import flat

RECIPES = sorted((ROOT / "configs" / "experiment").glob("*.yaml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_value_of_a_recipe_counts_unless_another_is_typed(train: Train, recipe: Path) -> None:
    wanted = yaml.safe_load(recipe.read_text())
    del wanted["defaults"]
    said = dict(flat(wanted))
    named, shown = f"experiment={recipe.stem}", ("--cfg", "job")
    composed = dict(flat(yaml.safe_load(train(named, *shown).out)))
    assert said.items() <= composed.items()
    typed = yaml.safe_load(train(named, "evaluate.flip=false", "data.size=64", *shown).out)
    assert typed["evaluate"]["flip"] is False and typed["data"]["size"] == 64
