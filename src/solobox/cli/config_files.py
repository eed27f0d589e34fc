"""What may be chosen from: our config files, and a user's own beside them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from solobox.cli.choices import config_dir
from solobox.errors import ConfigError


@contextmanager
def config_files(own: Path | None) -> Iterator[None]:
    """Let Hydra find them, as `train --config-dir OWN` does.

    Raises:
        ConfigError: `own` is no folder.
    """
    if own is not None and not own.is_dir():
        raise ConfigError(f"--config-dir must be a folder of config files; found {own}")
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        if own is not None:
            loader = GlobalHydra.instance().config_loader()
            where = loader.get_search_path()
            where.prepend("command-line", f"file://{own.resolve()}", anchor="schema")
            loader.repository.initialize_sources(where)  # type: ignore[attr-defined]
        yield
