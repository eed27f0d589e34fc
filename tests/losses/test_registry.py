"""Finding a loss by its name."""

from pathlib import Path

import pytest

import solobox.losses
from solobox.losses import GROUPS, available, build

FOLDER = Path(solobox.losses.__file__).parent


@pytest.mark.parametrize("role", GROUPS)
def test_available_lists_the_files_of_a_role_in_order(role: str) -> None:
    files = sorted(p.stem for p in (FOLDER / role).glob("*.py") if p.stem != "__init__")
    assert available(role) == files
    assert files


@pytest.mark.parametrize(("role", "name"), [(r, n) for r in GROUPS for n in available(r)])
def test_every_loss_can_be_built_without_parameters(role: str, name: str) -> None:
    made = build(role, name)
    assert type(made).__name__.lower() == name.replace("_", "")
    assert type(made).__module__ == f"solobox.losses.{role}.{name}"


def test_parameters_reach_the_class() -> None:
    assert build("localisation", "smooth_l1", beta=0.25).beta == 0.25


def test_each_build_is_a_new_object() -> None:
    assert build("combine", "sum") is not build("combine", "sum")


def test_mistyped_name_is_answered_with_the_nearest_one_and_all_others() -> None:
    with pytest.raises(ValueError, match="did you mean 'giou'") as error:
        build("localisation", "gious")
    assert all(name in str(error.value) for name in available("localisation"))


def test_name_like_no_other_is_answered_with_the_list() -> None:
    with pytest.raises(ValueError, match=r"no combine 'zzzz'; available: .*weighted"):
        build("combine", "zzzz")


@pytest.mark.parametrize("name", ["", "__init__", "..objective", "os", "GIoU"])
def test_only_files_of_the_role_are_reachable(name: str) -> None:
    with pytest.raises(ValueError, match="there is no localisation"):
        build("localisation", name)


@pytest.mark.parametrize("role", ["localization", "schedules", ""])
def test_unknown_role_is_answered_with_the_roles(role: str) -> None:
    with pytest.raises(
        ValueError, match="classification, localisation, reduce, combine, schedule"
    ) as error:
        available(role)
    assert repr(role) in str(error.value)
    with pytest.raises(ValueError, match="role must be one of"):
        build(role, "giou")


def test_parameter_that_a_loss_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="reduction"):
        build("localisation", "l2", reduction="mean")
