"""The losses of a run: a set for each phase of its schedule."""

import difflib
from collections.abc import Iterable
from typing import Any

import torch
from hydra.errors import HydraException

from solobox.cli.choices import files_alone
from solobox.cli.instances import made
from solobox.cli.leaves import names_of
from solobox.cli.settings import Settings
from solobox.errors import ConfigError
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
        key = f"{role} {settings}"
        if key not in built:
            built[key] = made(f"loss.{role}", settings)
        if hasattr(built[key], "calibrate"):  # other losses, another calibration
            key = f"{key} {phase}"
            built[key] = built.get(key) or made(f"loss.{role}", settings)
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
        close = difflib.get_close_matches(str(name), names, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
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
