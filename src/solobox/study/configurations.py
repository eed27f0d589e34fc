"""Runs that differ in their seed alone, together; side by side those that saw the same images."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solobox.study.runs import SPLITS, Predictions, Run

ROLES = ("classification", "localisation", "reduce", "combine", "schedule")


@dataclass(frozen=True)
class Configuration:
    """A choice of settings, trained with one or more seeds.

    Attributes:
        name: what is particular to it among those beside it.
        runs: one a seed, in the order of the seeds.
        split: the split that is compared.
    """

    name: str
    runs: list[Run]
    split: str

    @property
    def seeds(self) -> list[int]:
        """Its seeds."""
        return [run.seed for run in self.runs]

    @property
    def predictions(self) -> list[Predictions]:
        """What each run said about the compared split."""
        return [run.predictions[self.split] for run in self.runs]

    def scores(self, metric: str) -> NDArray[np.float64]:
        """(S, I) what each image adds with each seed."""
        return np.stack([said.scores(metric) for said in self.predictions])

    def leaf(self, role: str) -> str:
        """Name of the loss or combination it has for a role."""
        return _leaf(self.runs[0].made_of, role)


def configurations(runs: Sequence[Run]) -> tuple[list[Configuration], list[str]]:
    """Sort runs into configurations of the same images; a sentence for each run left out.

    Where runs judged different images, the images that most of them judged are compared.
    """
    faults: list[str] = []
    split = next(s for s in SPLITS if s == SPLITS[-1] or all(s in run.predictions for run in runs))
    groups: defaultdict[tuple[str, ...], list[Run]] = defaultdict(list)
    for run in runs:
        if split not in run.predictions:
            faults.append(f"{run.directory}: has no predictions_{split}.csv; left out")
            continue
        groups[_images(run.predictions[split])].append(run)
    kept = max(groups.values(), key=len, default=[])
    for group in groups.values():
        if group is not kept:
            faults += [
                f"{run.directory}: judged other images than most runs here; left out. Study it "
                f"in a folder of its own"
                for run in group
            ]
    by_settings: defaultdict[tuple[tuple[str, str], ...], list[Run]] = defaultdict(list)
    for run in sorted(kept, key=lambda run: run.seed):
        mates = by_settings[tuple(sorted(run.made_of.items()))]
        if any(run.seed == mate.seed for mate in mates):
            faults.append(
                f"{run.directory}: the same settings and seed as {mates[-1].directory}; left out"
            )
        else:
            mates.append(run)
    names = _names([dict(settings) for settings in by_settings])
    return [
        Configuration(name, group, split)
        for name, group in zip(names, by_settings.values(), strict=True)
    ], faults


def _images(said: Predictions) -> tuple[str, ...]:
    """What identifies the judged images: their names and their true classes and boxes."""
    boxes = [" ".join(f"{v:.2f}" for v in box) for box in said.targets]
    return tuple(f"{p} {c} {b}" for p, c, b in zip(said.paths, said.true, boxes, strict=True))


def _names(settings: Sequence[dict[str, str]]) -> list[str]:
    """Losses and combination of each, and the other settings in which they differ."""
    keys = sorted(set().union(*settings))
    differing = [key for key in keys if len({s.get(key) for s in settings}) > 1]
    shown = [key for key in differing if not key.startswith("loss.")]
    names = []
    for s in settings:
        leaves = {role: _leaf(s, role) for role in ROLES}
        name = f"{leaves['classification']} + {leaves['localisation']}, {leaves['combine']}"
        rest = [leaves[role] for role in ("reduce", "schedule") if leaves[role] not in _USUAL]
        rest += [f"{_short(key)}={_value(s.get(key))}" for key in shown]
        names.append(", ".join([name, *rest]))
    doubles = {name for name, count in Counter(names).items() if count > 1}
    inner = [key for key in differing if key.startswith("loss.") and not key.endswith("_target_")]
    return [
        ", ".join([name, *(f"{_short(k)}={s[k]}" for k in inner if k in s)])
        if name in doubles else name
        for name, s in zip(names, settings, strict=True)
    ]  # fmt: skip


_USUAL = {"mean", "constant"}


def _leaf(settings: dict[str, str], role: str) -> str:
    """Call "solobox.losses.localisation.giou.GIoU" giou."""
    target = settings.get(f"loss.{role}._target_", "")
    return target.split(".")[-2] if target.count(".") else target or "none"


def _short(key: str) -> str:
    """Call "model.head.name" head and "optimizer.lr" lr."""
    words = [word for word in key.split(".") if word not in ("name", "_target_")]
    return words[-1]


def _value(value: str | None) -> str:
    """Of a class its module's name."""
    if value is None:
        return "none"
    return value.split(".")[-2] if value.startswith("solobox.") else value
