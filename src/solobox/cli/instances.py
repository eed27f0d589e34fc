"""From a config leaf to its object."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from solobox.errors import ConfigError, SoloboxError


def made(where: str, leaf: dict[str, Any]) -> Any:
    """Make the object a config leaf names.

    Raises:
        ConfigError: it does not take these parameters, or names nothing.
    """
    if not isinstance(leaf, dict) or not isinstance(leaf.get("_target_"), str):
        raise ConfigError(f"{where} must say its _target_, a class; found {str(leaf)[:60]}")
    try:
        return instantiate(leaf, _recursive_=False, _convert_="all")
    except InstantiationException as error:
        cause = error.__cause__ or error
        if isinstance(cause, SoloboxError):
            raise cause from None
        raise ConfigError(f"{where}: {cause}") from error
