"""One stem everywhere: the option `balanced_l1` is the file `balanced_l1.py` with one class."""

import importlib
import inspect
import pkgutil
from typing import Any

from solobox.errors import did_you_mean


def stems(package: str) -> list[str]:
    """Names of the files in a package, sorted: what can be asked for by name."""
    path = importlib.import_module(package).__path__
    return sorted(module.name for module in pkgutil.iter_modules(path))


def class_of(package: str, stem: str) -> type[Any]:
    """The one public class in the file `stem` of a package; only listed files are imported.

    Raises:
        ValueError: there is no such file, or it does not define exactly one public class.
    """
    names = stems(package)
    if stem not in names:
        hint = did_you_mean(stem, names)
        room = package.rpartition(".")[2]
        raise ValueError(f"there is no {room} {stem!r}; {hint}available: {', '.join(names)}")
    module = importlib.import_module(f"{package}.{stem}")
    found = [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]
    if len(found) != 1:
        raise ValueError(f"{module.__name__} must define one public class; found {len(found)}")
    return found[0]
