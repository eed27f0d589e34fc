"""From a composed config to plain, checked settings."""

import inspect
from collections.abc import Sequence
from typing import Any, get_args, get_origin

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf

from solobox.cli.choices import files_alone, is_group
from solobox.engine.effective import flat
from solobox.errors import ConfigError

Settings = dict[str, Any]
# A recipe's number of seconds may be replaced by DD:HH:MM:SS or by null; engine.hardware checks it.
CHECKED_LATER = {"trainer.max_time"}
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def plain(cfg: DictConfig) -> Settings:
    """Settings as plain dicts, lists, numbers and texts, with all references resolved."""
    settings = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(settings, dict)
    return settings  # type: ignore[return-value]


def check_types(settings: Settings, typed: Sequence[str]) -> None:
    """Refuse a typed value whose type differs from the one in the config files, or a bad seed.

    A file's null accepts anything, a whole number is a number, and what the parameter of a class
    is declared to be (`float | Sequence[float]`) is left to that class to check.

    Raises:
        ConfigError: names the option, what was expected and what was found.
    """
    before = dict(flat(files_alone(typed)))
    after = dict(flat(settings))
    for override in OverridesParser.create().parse_overrides(list(typed)):
        key = override.key_or_group
        if key not in before or key not in after or is_group(key) or key in CHECKED_LATER:
            continue
        if not _same_type(before[key], after[key]) and not _declared(settings, key):
            kind = _KINDS.get(type(before[key]), f"something like {before[key]!r}")
            raise ConfigError(
                f"{key} must be {kind} (the file says {before[key]!r}); found {after[key]!r}"
            )
    if not 0 <= settings["seed"] < 2**32:
        raise ConfigError(f"seed must be in [0, 2^32); found {settings['seed']}")


def _declared(settings: Settings, key: str) -> bool:
    """Whether a setting is of a type that its class declares, as one of several."""
    *path, name = key.split(".")
    section: Any = settings
    for part in path:
        section = section[part]
    if "_target_" not in section:
        return False
    parameters = inspect.signature(get_class(section["_target_"])).parameters
    if name not in parameters:
        return False
    kinds = get_args(parameters[name].annotation)
    return any(isinstance(section[name], get_origin(kind) or kind) for kind in kinds)


def _same_type(before: Any, after: Any) -> bool:
    if before is None:
        return True
    if isinstance(before, float) and isinstance(after, int):
        return not isinstance(after, bool)
    if isinstance(before, list):
        return isinstance(after, list) and all(
            _same_type(old, new) for old, new in zip(before, after, strict=False)
        )
    return type(before) is type(after)
