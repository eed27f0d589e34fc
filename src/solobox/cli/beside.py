"""For verbs that take the options of `train` without being a Hydra program."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra import initialize_config_dir
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from solobox.cli.choices import composed, config_dir
from solobox.cli.explain import explain
from solobox.cli.settings import Settings, check_types
from solobox.errors import SoloboxError


def settings_of(typed: Sequence[str]) -> Settings:
    """The settings that `train` would have with these options.

    Raises:
        HydraException: an option that does not exist.
        ConfigError: a value of another type.
    """
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        settings = composed(typed)
        check_types(settings, typed)
    return settings


@contextmanager
def sentences(typed: Sequence[str]) -> Iterator[None]:
    """End in a sentence and exit code 1 where something is the user's to mend."""
    try:
        yield
    except SoloboxError as error:
        sys.exit(f"error: {error}")
    except (HydraException, OmegaConfBaseException) as error:
        sys.exit(f"error: {explain(error, typed)}")
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(f"error: cannot use {error.filename} ({error.strerror})")
