"""Where a run writes, and what became of the same run when a sweep is started again."""

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from solobox.atomic import replacing
from solobox.cli.naming import run_name
from solobox.cli.settings import Settings
from solobox.engine.effective import effective
from solobox.engine.run_directory import (
    CONFIG_FILE,
    IDENTITY_FILE,
    LAST,
    claim_new,
    claim_this,
)  # fmt: skip

SHOWN = 3  # settings that differ from those of a run that was there before


class Place(NamedTuple):
    """A run directory.

    Attributes:
        directory: claimed, its config written.
        new: it was not there before.
        last: checkpoint from which the same run goes on, if it was broken off.
    """

    directory: Path
    new: bool
    last: Path | None


def place_of(settings: Settings, identity: dict[str, str], typed: Sequence[str]) -> Place:
    """Claim a directory, or find the one where a sweep has been at the same job before."""
    hydra = HydraConfig.get()
    swept = hydra.mode == RunMode.MULTIRUN
    key = "hydra.sweep.subdir=" if swept else "hydra.run.dir="
    if any(option.startswith(key) for option in hydra.overrides.hydra):
        directory = claim_this(Path(hydra.runtime.output_dir))
    else:
        parent = Path(hydra.runtime.output_dir if swept else settings["runs_dir"])
        name = run_name(hydra.runtime.choices, typed, settings["seed"])
        if swept and (before := _before(parent, name, identity, settings)):
            last = before / LAST
            return Place(before, new=False, last=last if last.is_file() else None)
        directory = claim_new(parent, name)
    with replacing(directory / CONFIG_FILE) as file:
        file.write(OmegaConf.to_yaml(settings))
    with replacing(directory / IDENTITY_FILE) as file:
        json.dump(identity, file)
    return Place(directory, new=True, last=None)


def _before(parent: Path, name: str, identity: dict[str, str], settings: Settings) -> Path | None:
    """The directory of the same job; says what is different where only the name is the same."""
    for number in count(1):
        directory = parent / (name if number == 1 else f"{name}-{number}")
        if not directory.is_dir():
            return None
        try:
            found = json.loads((directory / IDENTITY_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        other = [what for what in identity if found.get(what) != identity[what]]
        if not other:
            return directory
        told = ", ".join(_told(what, directory, settings) for what in other)
        print(f"{directory} was made with other {told}; this is a new run")
    raise AssertionError("count() has no end")


def _told(what: str, directory: Path, settings: Settings) -> str:
    """Say "settings (data.epochs 8, now 4)", or just "code"."""
    if what != "settings":
        return what
    try:
        stored = OmegaConf.to_container(OmegaConf.load(directory / CONFIG_FILE))
        assert isinstance(stored, dict)
        before = effective(stored)  # type: ignore[arg-type]
    except (OSError, ValueError, AssertionError):
        return what
    now = effective(settings)
    differ = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    listed = ", ".join(f"{key} {before.get(key)}, now {now.get(key)}" for key in differ[:SHOWN])
    more = f" and {len(differ) - SHOWN} more" if len(differ) > SHOWN else ""
    return f"settings ({listed}{more})"
