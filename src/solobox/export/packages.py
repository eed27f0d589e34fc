"""What exporting needs and training does not."""

from collections.abc import Iterator
from contextlib import contextmanager

from solobox.errors import ExportError


@contextmanager
def packages_for(what: str) -> Iterator[None]:
    """Import in here what `pip install 'solobox[export]'` brings.

    Raises:
        ExportError: it is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise ExportError(
            f"{what} needs more packages ({error.name or error}): pip install 'solobox[export]'"
        ) from error
