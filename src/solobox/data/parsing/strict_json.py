"""JSON without its traps: a key given twice, a true that counts as 1, half a character."""

import json
import reprlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solobox.data.parsing.layout import read_text
from solobox.data.record import FaultError

Entry = dict[str, Any]


def read_json(path: Path) -> Any:
    """What a file holds.

    Raises:
        FaultError: it cannot be read, is no JSON, or gives a key of an object twice.
    """

    def once(pairs: list[tuple[str, Any]]) -> Entry:
        entry = dict(pairs)
        if len(entry) < len(pairs):
            ((twice, _),) = Counter(key for key, _ in pairs).most_common(1)
            raise FaultError(
                str(path), "duplicate key",
                f"expected each key of an object once, found {shown(twice)} twice in one; remove "
                f"the one that is not meant",
            )  # fmt: skip
        return entry

    text = read_text(path)
    try:
        return json.loads(text, object_pairs_hook=once)
    except RecursionError:
        raise FaultError(
            str(path), "nested too deeply",
            "expected an annotation; found lists or objects nested very deeply in each other",
        ) from None  # fmt: skip
    except ValueError as error:
        found = "an empty file" if not text.strip() else f"something else ({error})"
        raise FaultError(
            str(path), "no JSON", f"expected JSON, found {found}; write the annotation anew"
        ) from None


@dataclass(frozen=True)
class Spot:
    """A part of a file, to name it when something in it is not as expected.

    Attributes:
        file: the file.
        name: what to call the part: "annotation 5".
        image: the image that it is about, where that is known.
    """

    file: Path
    name: str
    image: Path | None = None

    def fault(self, kind: str, sentence: str) -> FaultError:
        """The error that says what is wrong here."""
        return FaultError(str(self.file), kind, f"{self.name}: {sentence}", self.image)

    def entry(self, value: object) -> Entry:
        """The object that must be here."""
        if not isinstance(value, dict):
            raise self.fault("wrong entry", f"expected an object, found {shown(value)}; mend it")
        return value

    def whole_number(self, entry: Entry, key: str) -> int:
        """The whole number under a key, which true and 1.0 are not."""
        value = entry.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._unexpected(entry, key, "a whole number")
        return value

    def text(self, entry: Entry, key: str) -> str:
        """The text under a key, without blanks at both ends; one that can be printed."""
        value = entry.get(key)
        if not isinstance(value, str) or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise self._unexpected(entry, key, "a text")
        return value.strip()

    def _unexpected(self, entry: Entry, key: str, expected: str) -> FaultError:
        found = shown(entry[key]) if key in entry else "none"
        kind = "wrong entry" if key in entry else "missing key"
        return self.fault(kind, f"expected {expected} as {key}, found {found}; mend it")


def shown(value: object) -> str:
    """Any value, shortened to stand in a sentence."""
    return "null" if value is None else reprlib.repr(value)
