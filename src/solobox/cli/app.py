"""Hydra, with its errors turned into sentences."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from solobox.cli.choices import config_dir
from solobox.cli.explain import explain
from solobox.cli.naming import sweep_name
from solobox.engine.signals import asking
from solobox.errors import Pruned, SoloboxError, Stopped

VALUED = ("--cfg", "-c", "--package", "-p", "--config-dir", "-cd", "--config-path", "-cp",
          "--config-name", "-cn", "--experimental-rerun")  # fmt: skip
INFO = ("--info", "-i")  # may stand without a value
INFO_KINDS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
Job = Callable[[DictConfig], float | tuple[float, ...]]


def run(job: Job) -> None:
    """Compose the config from the command line and run a job on it, or on each of a sweep.

    A SoloboxError ends in its sentence and exit code 1; in a sweep the other jobs still run.
    """
    os.environ["HYDRA_FULL_ERROR"] = "1"  # raise to here instead of printing a trace
    typed = sys.argv[1:]
    options, flags = _sorted(typed)
    words = {flag.partition("=")[0] for flag in flags}
    if any("--experimental-rerun".startswith(word) and len(word) > 2 for word in words):
        sys.exit(
            "error: --experimental-rerun would run what a pickle holds; continue a run with "
            "ckpt_path=RUN/checkpoints/last.ckpt, or start it again with its command"
        )
    if words & {"--cfg", "-c"} and words & {"--multirun", "-m"}:
        sys.exit("error: --cfg prints the config of one run; leave out -m")
    sys.argv[1:] = [*options, *_sweep_directory(typed), *flags]
    main = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="train")
    failed: list[str] = []
    try:
        with _stoppable():
            main(_spoken(job, failed))()
    except Stopped as stop:
        sys.exit(128 + stop.signum)
    except SoloboxError as error:  # of a sweep's job, which has said its sentence
        if not failed:
            sys.exit(f"error: {error}")
        sys.exit(
            "\n  ".join(["these jobs failed; the same command skips what is finished:", *failed])
        )
    except (HydraException, OmegaConfBaseException) as error:
        options = [argument for argument in typed if not argument.startswith("-")]
        sys.exit(f"error: {explain(error, options)}")
    except OSError as error:  # Hydra makes hydra.run.dir and hydra.sweep.dir before we do
        if error.filename is None:
            raise
        sys.exit(f"error: cannot use {error.filename} ({error.strerror})")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let the signals that ask for an end raise Stopped, so that files are put in order."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise Stopped(signum)

    before = {signum: signal.signal(signum, stop) for signum in asking()}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def _sorted(typed: list[str]) -> tuple[list[str], list[str]]:
    """Options (key=value) apart from flags with their values: argparse wants options together."""
    options: list[str] = []
    flags: list[str] = []
    for before, word in zip(["", *typed], typed, strict=False):
        value = before in VALUED or (before in INFO and word in INFO_KINDS)
        (flags if word.startswith("-") or value else options).append(word)
    return options, flags


def _spoken(job: Job, failed: list[str]) -> Job:
    """Say a SoloboxError's sentence as soon as it happens, and note which job it was."""

    def wrapped(cfg: DictConfig) -> float | tuple[float, ...]:
        try:
            return job(cfg)
        except Pruned as end:
            print(end)
            raise
        except SoloboxError as error:
            # Before the processes of a run have met, all of them fail alike.
            said = os.environ.get("RANK", "0") != "0" if error.said is None else error.said
            if not said:
                print(f"error: {error}", file=sys.stderr)
            hydra_config = HydraConfig.get()
            if hydra_config.mode == RunMode.RUN:
                sys.exit(1)
            failed.append(" ".join(hydra_config.overrides.task))
            raise

    return wrapped


def _sweep_directory(typed: list[str]) -> list[str]:
    """Name a sweep's directory after what is swept, the same whenever it is run again."""
    ready_made = any(option.startswith("+sweep=") for option in typed)
    is_sweep = ready_made or {"-m", "--multirun", "hydra.mode=MULTIRUN"} & set(typed)
    if not is_sweep or any(option.startswith("hydra.sweep.dir=") for option in typed):
        return []
    options = [
        o.removeprefix("+sweep=") for o in typed
        if "=" in o and not o.startswith(("hydra", "runs_dir="))
    ]  # fmt: skip
    return ["hydra.sweep.dir=${runs_dir}/" + sweep_name(options)]
