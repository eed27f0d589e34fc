"""Stop a run that falls behind the others of an optimising sweep."""

from pathlib import Path

from lightning import Callback, LightningModule, Trainer

from solobox.engine.run_directory import PRUNED_FILE
from solobox.engine.search import journal, pruner
from solobox.errors import Pruned

WATCHED = "val/loc_50"


class Prune(Callback):
    """Reports each epoch's Top-1 Loc@.5 to Optuna and ends the run where Optuna says so.

    Args:
        storage: Optuna's journal file in the sweep's directory.
        trial: number of this run in it.
    """

    def __init__(self, storage: str, trial: int) -> None:
        import optuna

        path = Path(storage)
        study = optuna.load_study(
            storage=journal(path), study_name=path.parent.name, pruner=pruner()
        )
        (stored,) = (t for t in study.get_trials(deepcopy=False) if t.number == trial)
        self.trial = optuna.trial.Trial(study, stored._trial_id)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Report, and end.

        Raises:
            Pruned: the run is worse than half of the others were at this epoch.
        """
        self.trial.report(float(trainer.callback_metrics[WATCHED]), trainer.current_epoch)
        if self.trial.should_prune():
            why = f"stopped after epoch {trainer.current_epoch + 1}: it falls behind"
            (Path(trainer.default_root_dir) / PRUNED_FILE).write_text(why, encoding="utf-8")
            raise Pruned(why)
