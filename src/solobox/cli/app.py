"""Hydra, with its errors turned into sentences."""

import os
import sys
from collections.abc import Callable

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from solobox.cli.choices import config_dir
from solobox.cli.explain import explain
from solobox.cli.naming import sweep_name
from solobox.errors import SoloboxError

Job = Callable[[DictConfig], float | None]


def run(job: Job) -> None:
    """Compose the config from the command line and run a job on it, or on each of a sweep.

    A SoloboxError ends in its sentence and exit code 1; in a sweep the other jobs still run.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise to here instead of printing a trace
    typed = sys.argv[1:]
    sys.argv += _sweep_directory(typed)
    main = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="train")
    try:
        main(_spoken(job))()
    except KeyboardInterrupt:  # before the first step, where there is nothing to save
        sys.exit(130)
    except SoloboxError:
        sys.exit(1)  # a job of a sweep; it has said its sentence
    except (HydraException, OmegaConfBaseException) as error:
        options = [argument for argument in typed if not argument.startswith("-")]
        sys.exit(f"error: {explain(error, options)}")
    except OSError as error:  # Hydra makes hydra.run.dir and hydra.sweep.dir before we do
        if error.filename is None:
            raise
        sys.exit(f"error: cannot use {error.filename} ({error.strerror})")


def _spoken(job: Job) -> Job:
    """Say a SoloboxError's sentence as soon as it happens."""

    def wrapped(cfg: DictConfig) -> float | None:
        try:
            return job(cfg)
        except SoloboxError as error:
            print(f"error: {error}", file=sys.stderr)
            if HydraConfig.get().mode == RunMode.RUN:
                sys.exit(1)
            raise

    return wrapped


def _sweep_directory(typed: list[str]) -> list[str]:
    """Name a sweep's directory after what is swept, the same whenever it is run again."""
    is_sweep = {"-m", "--multirun", "hydra.mode=MULTIRUN"} & set(typed)
    if not is_sweep or any(option.startswith("hydra.sweep.dir=") for option in typed):
        return []
    options = [o for o in typed if "=" in o and not o.startswith(("hydra", "runs_dir="))]
    return ["hydra.sweep.dir=${runs_dir}/" + sweep_name(options)]
