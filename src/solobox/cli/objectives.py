"""The losses of a run: a set for each phase of its schedule."""

from collections.abc import Iterable
from typing import Any

import torch
from hydra.errors import HydraException
from hydra.utils import get_class

from solobox.cli.choices import files_alone
from solobox.cli.instances import made
from solobox.cli.leaves import names_of
from solobox.cli.settings import Settings
from solobox.errors import ConfigError, did_you_mean
from solobox.losses import GROUPS, ROLES
from solobox.losses.loss_schedule import LossSchedule
from solobox.losses.objective import Objective
from solobox.metrics import Results, validated
from solobox.types import TrainStats


def build_objectives(
    loss: Settings, classes: tuple[str, ...], stats: TrainStats
) -> tuple[list[Objective], LossSchedule]:
    """Objectives and the schedule that chooses among them, bound to the training split.

    A phase's leaf takes its numbers from its file, unless it is the chosen one, which keeps those
    that were typed. What phases have in common they share, running means included.

    Raises:
        ConfigError: a parameter out of range, or a phase with an unknown leaf or metric.
    """
    for group in GROUPS:
        if not isinstance(loss.get(group), dict) or "_target_" not in loss[group]:
            raise ConfigError(
                f"loss.{group} must be the settings of a leaf, chosen as loss/{group}=NAME; "
                f"found {loss.get(group)!r}"
            )
    schedule: LossSchedule = made("loss.schedule", loss["schedule"])
    _check_metrics(schedule.metrics, classes)
    built: dict[str, Any] = {}

    def part(role: str, settings: Settings, phase: str) -> Any:
        if settings["_target_"] == loss[role]["_target_"]:
            settings = loss[role]
        # Other losses need another calibration.
        alone = hasattr(get_class(settings["_target_"]), "calibrate")
        key = f"{role} {settings} {phase if alone else ''}"
        if key not in built:
            built[key] = made(f"loss.{role}", settings)
        return built[key]

    chosen = {role: loss[role] for role in ROLES}
    objectives = []
    for name in schedule.phases:
        replaced = {role: _leaf(role, leaf) for role, leaf in schedule.replaced(name).items()}
        settings = chosen | replaced
        objectives.append(Objective(**{role: part(role, settings[role], name) for role in ROLES}))
    try:
        for objective in objectives:
            objective.bind(stats)
    except ValueError as error:
        raise ConfigError(f"loss: {error}") from error
    return objectives, schedule


def _leaf(role: str, name: str) -> Settings:
    try:
        return files_alone([f"loss/{role}={name}"])["loss"][role]
    except (HydraException, ValueError) as error:
        names = names_of(role)
        hint = did_you_mean(str(name), names)
        raise ConfigError(
            f"loss.schedule: there is no {role} {name!r}; {hint}available: {', '.join(names)}"
        ) from error


def _check_metrics(wanted: Iterable[str], classes: tuple[str, ...]) -> None:
    one = torch.zeros(1, 4)
    nothing = Results(torch.zeros(1, len(classes)), one, torch.zeros(1).long(), one, one[:, :2])
    known = sorted(validated(nothing, classes))
    for metric in wanted:
        if metric not in known:
            raise ConfigError(
                f"loss.schedule: until must be one of {', '.join(known)}; found {metric!r}"
            )
