"""What decides the result of a run: its settings, its images and the code, as short texts."""

import inspect
from functools import cache
from pathlib import Path

from hydra.utils import get_object

import solobox
from solobox.cli.resume import targets
from solobox.cli.settings import Settings
from solobox.data.datamodule import Source
from solobox.data.store.fingerprints import combined
from solobox.engine.effective import effective


def identity(settings: Settings, source: Source) -> dict[str, str]:
    """Fingerprints of a run's settings, its images and the code that trains it."""
    return {
        "settings": combined(map("=".join, sorted(effective(settings).items()))),
        "images": source.identity(),
        "code": combined([_ours(), *map(_source, sorted(set(map(str, targets(settings)))))]),
    }


@cache
def _ours() -> str:
    files = sorted(Path(solobox.__file__).parent.rglob("*.py"))
    return combined(file.read_text(encoding="utf-8") for file in files)


def _source(target: str) -> str:
    """The file of a class that a setting names: a user's own loss changes, too."""
    try:
        return Path(inspect.getfile(get_object(target))).read_text(encoding="utf-8")
    except (TypeError, OSError):  # built into Python
        return target
