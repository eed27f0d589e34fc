"""From a composed config to plain, checked settings."""

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from solobox.cli.choices import files_alone, flat, is_group
from solobox.errors import ConfigError

Settings = dict[str, Any]
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def plain(cfg: DictConfig) -> Settings:
    """Settings as plain dicts, lists, numbers and texts, with all references resolved."""
    settings = OmegaConf.to_container(cfg, resolve=True)
    assert isinstance(settings, dict)
    return settings  # type: ignore[return-value]


def check_types(settings: Settings, typed: Sequence[str]) -> None:
    """Refuse a typed value whose type differs from the one in the config files.

    A file's null accepts anything, and a whole number is a number.

    Raises:
        ConfigError: names the option, what was expected and what was found.
    """
    before = dict(flat(files_alone(typed)))
    after = dict(flat(settings))
    for override in OverridesParser.create().parse_overrides(list(typed)):
        key = override.key_or_group
        if key not in before or key not in after or is_group(key):
            continue
        if not _same_type(before[key], after[key]):
            kind = _KINDS.get(type(before[key]), f"something like {before[key]!r}")
            raise ConfigError(
                f"{key} must be {kind} (the file says {before[key]!r}); found {after[key]!r}"
            )


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
