"""The config that the chosen files alone give, before any value was typed."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

import solobox


def config_dir() -> Path:
    """The config files: inside an installed package, else at the top of the checkout."""
    package = Path(solobox.__file__).parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parents[1] / "configs"


def is_group(key: str) -> bool:
    """Whether a key chooses a file (`loss/combine`) rather than a value (`optimizer.lr`)."""
    return GlobalHydra.instance().config_loader().repository.group_exists(key.partition("@")[0])  # type: ignore[attr-defined]


def files_alone(overrides: Sequence[str]) -> dict[str, Any]:
    """The config of the groups chosen in `overrides`, none of their values; not to be changed."""
    if not GlobalHydra.instance().is_initialized():
        with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
            return files_alone(overrides)
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    chosen = [
        text for text, o in zip(overrides, parsed, strict=True)
        if is_group(o.key_or_group) and not o.is_sweep_override()
    ]  # fmt: skip
    sources = GlobalHydra.instance().config_loader().get_sources()
    return _of_files(tuple(chosen), tuple(source.path for source in sources))


@cache  # composing takes a quarter of a second, and a sweep asks the same in each job
def _of_files(chosen: tuple[str, ...], places: tuple[str, ...]) -> dict[str, Any]:
    return composed(chosen)


def composed(overrides: Sequence[str]) -> dict[str, Any]:
    """The config that options give, as plain data; inside a job or beside one."""
    before = HydraConfig.instance().cfg  # compose() leaves its own behind
    try:
        config = OmegaConf.to_container(compose("train", overrides=list(overrides)), resolve=True)
    finally:
        HydraConfig.instance().cfg = before
    assert isinstance(config, dict)
    return config  # type: ignore[return-value]
