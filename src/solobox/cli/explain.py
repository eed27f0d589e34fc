"""Hydra's complaints as one sentence with the nearest right name."""

import re
from collections.abc import Sequence

from hydra.errors import HydraException, MissingConfigException, OverrideParseException

from solobox.cli.choices import files_alone
from solobox.engine.effective import flat
from solobox.errors import did_you_mean

_NO_KEY = re.compile(r"Could not (?:override|append to) '([^']+)'|config\. '([^']+)' does not")
_OPTIONS = re.compile(r"Available options in '([^']+)':\n((?:\t.*\n?)+)")
_NO_OPTION = re.compile(r"Could not find '([^']+)'")


def explain(error: Exception, typed: Sequence[str]) -> str:
    """One sentence for what is wrong with the options that were typed."""
    text = str(error)
    if isinstance(error, OverrideParseException):
        return (
            f"cannot read the option {error.override!r}; expected key=value, and quotes around a "
            f"value that holds any of = ( ) [ ] {{ }} or a comma: 'key=\"value\"'"
        )
    if isinstance(error, MissingConfigException) and (options := _OPTIONS.search(text)):
        wrong = _NO_OPTION.search(text)
        name = wrong[1].removeprefix(f"{options[1]}/") if wrong else ""
        names = options[2].split()
        return (
            f"{options[1]} has no option {name!r}{_nearest(name, names)}; "
            f"its options are {', '.join(names)}"
        )
    if found := _NO_KEY.search(text):
        key = found[1] or found[2]
        if key in _known_keys(typed):
            return f"{key} holds other keys; a new one is added with a +: '+{key}.NAME=VALUE'"
        return f"there is no option {key!r}{_nearest(key, _known_keys(typed))}; see --help"
    return " ".join(text.split())


def _nearest(name: str, names: Sequence[str]) -> str:
    question = did_you_mean(name, names)
    return f", {question.strip()}" if question else ""


def _known_keys(typed: Sequence[str]) -> list[str]:
    """Keys and groups of the config that was meant."""
    try:
        config = files_alone([option for option in typed if "=" in option])
    except (HydraException, ValueError):
        config = files_alone([])
    keys = [key for key, _ in flat(config)]
    sections = {".".join(key.split(".")[:depth]) for key in keys for depth in (1, 2, 3)}
    return sorted({*keys, *sections, *(section.replace(".", "/") for section in sections)})
