"""Continue a run: its config comes from its checkpoint."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from solobox.cli.choices import is_group
from solobox.cli.settings import Settings
from solobox.engine.effective import flat
from solobox.engine.run_directory import CONFIG_FILE
from solobox.errors import CheckpointError, ConfigError

# What does not change the result of a run, or only how far it goes.
MAY_CHANGE = {
    "ckpt_path", "runs_dir", "model.weights",
    "data.root", "data.num_workers", "data.worker_timeout", "data.cache", "data.cache_dir",
    "trainer.max_epochs", "trainer.max_steps", "trainer.max_time",
    "trainer.accelerator", "trainer.devices", "trainer.num_nodes", "trainer.strategy",
    "trainer.log_every_n_steps",
    "callbacks.checkpoints.every_n_steps", "evaluate.flip", "evaluate.zoom", "report",
    "objective", "prune", "prune.storage", "prune.trial",
}  # fmt: skip
# What trainer=NAME brings along: where it runs.
WHERE = ("trainer.accelerator", "trainer.devices", "trainer.num_nodes", "trainer.strategy")


def continued(stored: Settings, now: Settings, typed: Sequence[str]) -> Settings:
    """The stored settings, with those typed now that may change.

    Args:
        stored: settings in the checkpoint.
        now: settings composed from the command line.
        typed: what was typed.

    Raises:
        ConfigError: names every option that was typed and would make it another run.
        CheckpointError: the stored settings name a class that no config file here names.
    """
    check_targets(stored)
    before, after = dict(flat(stored)), dict(flat(now))
    settings, refused = stored, []
    for override in OverridesParser.create().parse_overrides(list(typed)):
        for key in _keys(override.key_or_group, before.keys() | after.keys()):
            if key not in MAY_CHANGE:
                if before.get(key) != after.get(key):
                    difference = f"{before.get(key)!r} in the run, {after.get(key)!r} typed"
                    refused.append(f"{key} ({difference})")
            # A group typed along would bring its files' defaults for lengths and paths.
            elif key in (override.key_or_group, *WHERE):
                settings = with_value(settings, key, after.get(key))
    if refused:
        raise ConfigError(
            f"a continued run keeps its settings; these differ: {', '.join(refused)}. "
            f"Leave them out, or start a new run without ckpt_path"
        )
    return settings


def directory_of(checkpoint: Path) -> Path:
    """The run directory a checkpoint lies in.

    Raises:
        CheckpointError: not a last.ckpt, or it was moved away from its run.
    """
    if checkpoint.name != "last.ckpt":
        raise CheckpointError(f"a run goes on from its last.ckpt; found {checkpoint.name}")
    directory = checkpoint.resolve().parent.parent
    if not (directory / CONFIG_FILE).is_file():
        raise CheckpointError(
            f"{checkpoint} does not lie in a run; expected RUN/checkpoints/last.ckpt with "
            f"RUN/{CONFIG_FILE} beside it. Move it back to continue the run"
        )
    return directory


def _keys(override: str, known: set[str]) -> list[str]:
    """The flat keys an override may have changed."""
    if override == "experiment":
        return sorted(known)
    path = override.replace("/", ".") if is_group(override) else override
    return sorted(key for key in known if key == path or key.startswith(f"{path}."))


def with_value(settings: Settings, key: str, value: Any) -> Settings:
    """A copy of nested settings with one dotted key set."""
    head, _, rest = key.partition(".")
    return {**settings, head: with_value(settings.get(head) or {}, rest, value) if rest else value}


def check_targets(settings: Settings) -> None:
    """A checkpoint may only name classes that a config file on this machine names.

    Raises:
        CheckpointError: it names another one, or asks for text to be computed, in which a class
            could hide: settings are stored as they were resolved.
    """
    for key, value in flat(settings):
        if "${" in repr(value):
            raise CheckpointError(
                f"the checkpoint's {key} is {str(value)[:60]!r}, which is to be computed from "
                f"other settings; it is refused"
            )
    unknown = sorted({str(target) for target in targets(settings)} - _known_targets())
    if unknown:
        raise CheckpointError(
            f"the checkpoint asks for {', '.join(unknown)}, which no config file here names; "
            f"it is refused. Add the config file of your own loss (--config-dir), if it is one"
        )


def targets(node: Any) -> Iterator[Any]:
    """Every `_target_` in nested settings, inside lists too."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "_target_")
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in inside:
        yield from targets(child)


def _known_targets() -> set[str]:
    loader = GlobalHydra.instance().config_loader()
    known: set[str] = set()
    groups = [""]
    while groups:
        group = groups.pop()
        inside = loader.list_groups(group)
        groups += [f"{group}/{name}".strip("/") for name in inside if name != "hydra"]
        for option in loader.get_group_options(group, ObjectType.CONFIG):
            found = loader.repository.load_config(f"{group}/{option}".strip("/"))  # type: ignore[attr-defined]
            if found is not None:
                known |= {str(target) for target in targets(OmegaConf.to_container(found.config))}
    return known
