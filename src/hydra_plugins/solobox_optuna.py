"""`hydra/sweeper=optuna`: each next run is chosen by what the ones before it reached.

Hydra imports every plugin at its start, so optuna itself is imported when it is needed. The
plugin of Hydra's own project needs Optuna 2 and cannot keep its state in a file there.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from solobox.engine.search import journal, pruner, searching_in
from solobox.errors import ConfigError, Pruned, RunDirectoryError

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution


class OptunaSweeper(Sweeper):
    """Searches with Optuna's TPE; several objectives are all maximised (Pareto front).

    Args:
        trials: runs in all, those of an earlier start included.
        at_once: how many jobs the launcher gets together.
        seed: of the search.
        prune: stop runs that fall behind.
    """

    config: DictConfig
    hydra_context: HydraContext
    launcher: Launcher

    def __init__(self, trials: int, at_once: int, seed: int, prune: bool) -> None:
        self.trials, self.at_once, self.seed, self.prune = trials, at_once, seed, prune

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra hands over."""
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run the trials that are missing, and say what came out.

        Raises:
            ConfigError: Optuna is not installed, nothing is varied, or one run takes several
                devices: each process would draw options of its own.
        """
        try:
            import optuna
        except ImportError:
            raise ConfigError(
                "hydra/sweeper=optuna needs Optuna: pip install 'solobox[search]'"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        parsed = OverridesParser.create(self.hydra_context.config_loader).parse_overrides(arguments)
        space = {o.key_or_group: distribution(o) for o in parsed if o.is_sweep_override()}
        fixed = [o.input_line or "" for o in parsed if not o.is_sweep_override()]
        if not space:
            raise ConfigError(
                "hydra/sweeper=optuna has nothing to search: vary something, for example "
                "'model.lr=tag(log,interval(1e-4,1e-2))' or loss/combine=sum,max"
            )
        objectives = self._objectives(fixed)
        with searching_in(Path(self.config.hydra.sweep.dir)) as storage:
            study = _opened(storage, len(objectives))
            # Started again, the same seed would draw the same options again.
            study.sampler = optuna.samplers.TPESampler(seed=self.seed + len(study.trials))
            _take_up(study)
            prune = self.prune and len(objectives) == 1
            failed = self._run(study, space, fixed, storage if prune else None)
        _say(study, objectives, fixed)
        if failed:
            _ = failed[0].return_value  # raises what happened

    def _run(
        self, study: "Study", space: dict[str, "BaseDistribution"], fixed: Sequence[str],
        storage: Path | None,
    ) -> list[JobReturn]:  # fmt: skip
        """Run the missing trials, pruned by what the storage holds; returns those that failed."""
        failed: list[JobReturn] = []
        while (missing := self.trials - _done(study)) > 0:
            asked = [study.ask(space) for _ in range(min(missing, self.at_once))]
            jobs = [[*fixed, *_options(trial, space, storage)] for trial in asked]
            self.validate_batch_is_legal(jobs)
            first = asked[0].number
            for trial, job in zip(
                asked, self.launcher.launch(jobs, initial_job_idx=first), strict=True
            ):
                _tell(study, trial, job)
                failed += [job] if _why(job) == "failed" else []
        return failed

    def _objectives(self, fixed: Sequence[str]) -> list[str]:
        """What is maximised; refuses runs on several devices."""
        config = self.hydra_context.config_loader.load_sweep_config(self.config, list(fixed))
        if config.trainer.devices != 1 or config.trainer.get("num_nodes", 1) != 1:
            raise ConfigError(
                f"an optimising sweep trains each run on one device; found "
                f"trainer.devices={config.trainer.devices}: its processes would draw other options"
            )
        return list(config.objective)


def _opened(storage: Path, objectives: int) -> "Study":
    """The trials so far, or none.

    Raises:
        RunDirectoryError: its file is damaged.
    """
    import optuna

    try:
        return optuna.create_study(
            storage=journal(storage), study_name=storage.parent.name, load_if_exists=True,
            directions=["maximize"] * objectives,
            pruner=pruner(),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise RunDirectoryError(
            f"{storage} is damaged ({error}), so the sweep's trials cannot be read; remove it, and "
            f"the sweep begins anew. Its finished runs stay"
        ) from error


def distribution(override: Override) -> "BaseDistribution":
    """What Optuna may draw for `key=1,2`, `key=range(1,5)` or `key=tag(log,interval(1e-4,1))`."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )  # fmt: skip

    value = override.value()
    log = isinstance(value, IntervalSweep | RangeSweep) and "log" in value.tags
    if isinstance(value, IntervalSweep):
        low, high = value.start, value.end
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(float(low or 0), float(high or 0), log=log)
    if isinstance(value, RangeSweep):
        numbers = list(value.range())
        if all(isinstance(number, int) for number in numbers):
            step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
            return IntDistribution(min(numbers), max(numbers), step=abs(step))
    return CategoricalDistribution(tuple(override.sweep_string_iterator()))


def _take_up(study: "Study") -> None:
    """Trials that a killed sweep left half done are done first."""
    from optuna.trial import TrialState

    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)


def _done(study: "Study") -> int:
    from optuna.trial import TrialState

    finished = (TrialState.COMPLETE, TrialState.PRUNED)
    broken = [t for t in study.get_trials(states=(TrialState.FAIL,)) if "failed" in t.user_attrs]
    return len(study.get_trials(states=finished)) + len(broken)


def _options(trial: "Trial", space: Iterable[str], storage: Path | None) -> list[str]:
    # A trial that was left waiting may name other options: its file is not ours alone.
    options = [f"{key}={trial.params[key]}" for key in space]
    if storage is not None:
        options.append(f"prune={{storage:'{storage}',trial:{trial.number}}}")
    return options


def _tell(study: "Study", trial: "Trial", job: JobReturn) -> None:
    from optuna.trial import TrialState

    how = _why(job)
    if how == "complete":
        value = job.return_value
        study.tell(trial, list(value) if isinstance(value, tuple) else value)
    else:
        trial.set_user_attr(how, True)
        study.tell(trial, state=TrialState.PRUNED if how == "pruned" else TrialState.FAIL)


def _why(job: JobReturn) -> str:
    if job.status == JobStatus.COMPLETED:
        return "complete"
    return "pruned" if isinstance(job._return_value, Pruned) else "failed"


def _say(study: "Study", objectives: Sequence[str], fixed: Sequence[str]) -> None:
    """The best options, as a command; of several objectives all that no other one beats."""
    names = ", ".join(objectives)
    for trial in study.best_trials:
        values = ", ".join(f"{value:.3f}" for value in trial.values)
        options = [*fixed, *(f"{key}={value}" for key, value in trial.params.items())]
        print(f"best ({names}) {values}: python train.py {' '.join(options)}")
