"""history.csv: a row an epoch."""

import csv
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from solobox.atomic import appending, replacing
from solobox.balance import Balance
from solobox.callbacks.clock import Clock

COLUMNS = (
    ["epoch", "step", "seconds", "lr", "loss/classification", "loss/localisation", "loss/total"]
    + [f"val/{name}" for name in ("acc", "iou", "gt_known_50", "loc_50", "loc_70")]
    + ["balance/pull_class", "balance/pull_box"]
)  # fmt: skip
PULLS = ("pull_class", "pull_box")  # means over the steps in which they are measured
LOSSES = ("classification", "localisation", "total")


class History(Callback):
    """Mean losses of each epoch beside its validation metrics, as a CSV file.

    A resumed run drops the rows of what it repeats and goes on.

    Args:
        path: the CSV file.
        clock: counts the run's seconds.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.sums = torch.zeros(len(LOSSES), dtype=torch.float64)
        self.batches = 0
        self.pulls = torch.zeros(len(PULLS), dtype=torch.float64)
        self.measured = 0
        self.metrics: dict[str, float] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the rows of finished epochs, and of the part of one that ended the run."""
        rows: list[dict[str, Any]] = []
        if self.path.is_file():
            with open(self.path, newline="") as file:
                # A line torn by a crash has no whole number of columns.
                whole = [row for row in csv.DictReader(file) if None not in row.values()]
            over = trainer.global_step if trainer.should_stop else -1  # Length has looked
            rows = [
                row for row in whole
                if int(row["epoch"]) < trainer.current_epoch or int(row["step"]) <= over
            ]  # fmt: skip
        with replacing(self.path) as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the metrics."""
        self.metrics = {k: float(v) for k, v in trainer.callback_metrics.items() if k in COLUMNS}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *args: Any
    ) -> None:
        """Add up the losses; on a GPU without waiting for it."""
        values: list[Tensor] = [outputs[name].detach().double() for name in LOSSES]
        self.sums = self.sums.to(values[0].device) + torch.stack(values)
        self.batches += 1
        if "balance" in outputs:
            balance = Balance(*outputs["balance"].detach().double())
            self.pulls = self.pulls.to(values[0].device) + torch.stack(
                [getattr(balance, name) for name in PULLS]
            )
            self.measured += 1

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the epoch's row."""
        classification, localisation, total = (self.sums / max(1, self.batches)).tolist()
        row = {
            **self.metrics,
            "epoch": trainer.current_epoch,
            "step": trainer.global_step,
            "seconds": round(self.clock.seconds, 2),
            "lr": trainer.optimizers[0].param_groups[0]["lr"],
            "loss/classification": classification,
            "loss/localisation": localisation,
            "loss/total": total,
        }
        if self.measured:
            means = (self.pulls / self.measured).tolist()
            row |= {f"balance/{name}": mean for name, mean in zip(PULLS, means, strict=True)}
        with appending(self.path) as file:
            csv.DictWriter(file, COLUMNS).writerow(row)
        self.metrics = {}
        if trainer.is_last_batch:  # else the run ends here, and may go on with more steps
            self.sums, self.batches = torch.zeros_like(self.sums), 0
            self.pulls, self.measured = torch.zeros_like(self.pulls), 0

    def state_dict(self) -> dict[str, Any]:
        """The part of an epoch that is already summed survives a resume."""
        return {
            "sums": self.sums.cpu(), "batches": self.batches,
            "pulls": self.pulls.cpu(), "measured": self.measured,
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue the sums."""
        self.sums, self.batches = state_dict["sums"], state_dict["batches"]
        self.pulls, self.measured = state_dict["pulls"], state_dict["measured"]
