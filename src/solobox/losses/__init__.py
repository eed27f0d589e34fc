"""The loss room: every loss is one file, found by its name.

`available("localisation")` lists what there is, `build("localisation", "giou")` makes one.
A name is a file is a class: `balanced_l1` lives in `balanced_l1.py` as `BalancedL1`.
"""

from typing import Any

from solobox.stems import class_of, stems

ROLES = ("classification", "localisation", "reduce", "combine")
GROUPS = (*ROLES, "schedule")


def available(role: str) -> list[str]:
    """Names that `build` accepts for a role, sorted.

    Raises:
        ValueError: the role is not one of GROUPS.
    """
    return stems(_package(role))


def build(role: str, name: str, **parameters: Any) -> Any:
    """Build one loss, reduction, combination or schedule by its name.

    Args:
        role: one of GROUPS.
        name: one of `available(role)`.
        **parameters: handed to the class; its docstring explains them.

    Raises:
        ValueError: unknown role or name, or a parameter out of its range.
        TypeError: a parameter the class does not have.
    """
    return class_of(_package(role), name)(**parameters)


def _package(role: str) -> str:
    if role not in GROUPS:
        raise ValueError(f"role must be one of {', '.join(GROUPS)}; found {role!r}")
    return f"{__name__}.{role}"
