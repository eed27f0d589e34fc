"""Archives that torchvision downloads when they are not there yet."""

from collections.abc import Callable
from pathlib import Path

from solobox.errors import DataError


def download(
    fetch: Callable[[], object], allowed: bool, root: Path, lacking: str, by_hand: str
) -> None:
    """Fetch a data set, or say how a person does it.

    Args:
        fetch: downloads and unpacks it.
        allowed: data.format.download.
        root: the folder it is for.
        lacking: what was expected there, and what was found.
        by_hand: what to fetch from where, and where to unpack it.

    Raises:
        DataError: it is not allowed, or failed.
    """
    reason = "data.format.download is false"
    if allowed:
        try:
            fetch()
            return
        except (OSError, RuntimeError) as error:  # no network, or a damaged archive
            reason = f"the download failed ({error})"
    raise DataError(f"{root}: {lacking}, and {reason}. {by_hand}")
