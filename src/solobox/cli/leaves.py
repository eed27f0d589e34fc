"""The leaves of configs/loss: every loss with the parameters a user would get."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hydra.utils import get_class
from omegaconf import OmegaConf

from solobox.cli.choices import config_dir
from solobox.losses.page import Page, page

GROUP = "loss"


@dataclass(frozen=True)
class Leaf:
    """One file of configs/loss/<role>/.

    Attributes:
        role: folder it lies in.
        name: file name without ending.
        what: what its first line says it is.
        target: full path of its class.
        parameters: what the class is given.
    """

    role: str
    name: str
    what: str
    target: str
    parameters: dict[str, Any]

    @cached_property
    def kind(self) -> type:
        """Its class."""
        return get_class(self.target)

    @property
    def parameters_text(self) -> str:
        """Its parameters as they are typed: "alpha=0.5, gamma=1.5"; of phases the names."""
        return ", ".join(
            f"{key}={as_typed(list(value) if isinstance(value, dict) else value)}"
            for key, value in self.parameters.items()
        )

    @property
    def page(self) -> Page:
        """What its class says of itself."""
        return page(self.kind)


def names_of(role: str) -> list[str]:
    """Names of the leaves of a role."""
    return sorted(path.stem for path in (config_dir() / GROUP / role).glob("*.yaml"))


def leaves(role: str) -> list[Leaf]:
    """All leaves of a role, by name."""
    return [_leaf(role, name) for name in names_of(role)]


def as_typed(value: Any) -> str:
    """A value as it is typed on the command line."""
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _leaf(role: str, name: str) -> Leaf:
    path = config_dir() / GROUP / role / f"{name}.yaml"
    settings = _settings(role, name)
    what = path.read_text(encoding="utf-8").removeprefix("# ").partition(": python train.py")[0]
    return Leaf(role, name, what, settings.pop("_target_"), settings)


def _settings(role: str, name: str) -> dict[str, Any]:
    """A leaf as it is composed: a variant (`defaults: [parent]`) inherits the other keys."""
    path = config_dir() / GROUP / role / f"{name}.yaml"
    own: Any = OmegaConf.to_container(OmegaConf.load(path))
    parents = [_settings(role, parent) for parent in own.pop("defaults", [])]
    return {key: value for part in (*parents, own) for key, value in part.items()}
