"""What strangers' files may hold: plain data, in bounded time and memory."""

import zipfile
from pathlib import Path
from typing import Any

LARGEST_PICKLE = 4 * 2**20  # bytes of all that is no tensor; a real checkpoint has some 100,000
MOST, DEEPEST = 100_000, 50  # values of plain data, and how deep; a run's settings have some 200


def refuse_bomb(path: str | Path) -> None:
    """What torch writes is a zip without compression, so that nothing in it grows when read.

    Raises:
        OSError, zipfile.BadZipFile, ValueError: it is not such a file.
    """
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename} in it is compressed, which torch never does")
            if entry.filename.endswith(".pkl") and entry.file_size > LARGEST_PICKLE:
                raise ValueError(
                    f"{entry.filename} in it has {entry.file_size} bytes; the limit is "
                    f"{LARGEST_PICKLE}"
                )


def refuse_unless_plain(data: Any) -> None:
    """Only dicts with text for keys, lists, texts, numbers, true, false and null.

    A tuple or a set would hide from who looks into dicts and lists; ten lists of ten lists of ten
    lists, each the same one, would take forever to look into.

    Raises:
        ValueError: it holds anything else, or too much.
    """
    waiting: list[tuple[Any, str, int]] = [(data, "", 0)]
    seen = 0
    while waiting:
        value, place, depth = waiting.pop()
        seen += 1
        if seen > MOST or depth > DEEPEST:
            raise ValueError(f"more than {MOST} values, or deeper than {DEEPEST}")
        if isinstance(value, dict):
            for key, inside in value.items():
                if type(key) is not str:
                    raise ValueError(f"{place[1:] or 'it'} has a key that is no text: {key!r:.40}")
                waiting.append((inside, f"{place}.{key}", depth + 1))
        elif type(value) is list:
            waiting += [(inside, f"{place}[{i}]", depth + 1) for i, inside in enumerate(value)]
        elif value is not None and type(value) not in (str, int, float, bool):
            raise ValueError(f"{place[1:]} is a {type(value).__name__}, which is no plain data")
