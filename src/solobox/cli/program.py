"""How this program was started, to say it or to start it again."""

import sys
from collections.abc import Sequence
from pathlib import Path


def program() -> list[str]:
    """The words that start this program, and where a user's own options lie."""
    script = Path(sys.argv[0])
    # A launcher's worker process is started by a script of the launcher's own.
    installed = {"site-packages", "dist-packages"} & set(script.parts)
    users = script.suffix == ".py" and not installed
    words = ["python", sys.argv[0]] if users else ["solobox", "train"]
    for i, word in enumerate(sys.argv):
        if word in ("--config-dir", "-cd"):
            words += sys.argv[i : i + 2]
        elif word.startswith("--config-dir="):
            words.append(word)
    return words


def again(typed: Sequence[str]) -> list[str]:
    """A command that starts this one run again, also where it is one of a sweep."""
    _, script, *flags = program()
    start = [script] if Path(script).is_file() else ["-m", "solobox", "train"]
    return [sys.executable, *start, *typed, "hydra.mode=RUN", *flags]
