"""One step: what happens between a batch and the optimizer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from solobox.balance import balance_of
from solobox.boxes import iou
from solobox.data.order import hash32
from solobox.engine.checkpoint_io import FORMAT
from solobox.engine.divergence import Watch, refuse_infinite
from solobox.engine.logger import log_step, tensorboards
from solobox.engine.parameter_groups import parameter_groups
from solobox.engine.predict import results_of
from solobox.losses.across import as_rank_zero, ranks, rows_of_all
from solobox.losses.loss_schedule import LossSchedule
from solobox.losses.objective import Objective
from solobox.metrics import Results, validated
from solobox.models.localiser import Localiser
from solobox.types import Batch, Prediction


class SoloboxModule(LightningModule):
    """Trains a Localiser on an Objective.

    Args:
        model: images -> (B, K + 4).
        objectives: both task losses into one number; one for each phase of the schedule.
        schedule: says which of them counts when.
        optimizer: makes an optimizer from parameter groups.
        trunk_lr: factor of the trunk's learning rate.
        scheduler: factor of the learning rate at progress in [0, 1] of the run.
        steps: optimizer steps of the whole run; a time limit moves it while it trains.
        seed: seed of the run; dropout in a step depends on (seed, step) alone.
        passport: plain data written into every checkpoint, enough to build the model again.
    """

    def __init__(
        self,
        model: Localiser,
        objectives: Sequence[Objective],
        schedule: LossSchedule,
        *,
        optimizer: Callable[[list[dict[str, Any]]], Optimizer],
        trunk_lr: float = 1.0,
        scheduler: Callable[[float], float],
        steps: int,
        seed: int,
        passport: dict[str, Any],
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objectives[0]
        self.later = nn.ModuleList(objectives[1:])
        self.schedule = schedule
        self.make_optimizer = optimizer
        self.trunk_lr = trunk_lr
        self.scheduler = scheduler
        self.steps = steps
        self.seed = seed
        self.passport = passport
        self._validated: list[tuple[Tensor, ...]] = []
        self.results: Results | None = None  # of the last validation, on the original images
        self.validated: Prediction  # the same, on the canvas
        self.watch = Watch()  # of every process's images
        self._noted: dict[str, Tensor | float] = {}  # of a step that is to be logged

    @property
    def active(self) -> Objective:
        """The objective of the phase that counts."""
        return self.objectives[self.schedule.phase]

    @property
    def objectives(self) -> list[Objective]:
        """The objective of each phase."""
        return [self.objective, *self.later]

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Move the schedule; make what is random in this step a function of (seed, step)."""
        step, epoch = self.global_step, self.current_epoch
        with self._moving_schedule():
            self.schedule.advance(step, epoch, min(1.0, step / self.steps))
        # Other dropout on each of several devices, since each sees other images.
        place = [self.global_rank] if self.global_rank else []
        seed = hash32(self.seed, self.trainer.fit_loop.epoch_loop.total_batch_idx, *place)
        # Not torch.manual_seed, which visits every kind of accelerator there might be.
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def training_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Loss of one batch; losses, weights and learning rate go to the logs."""
        features = self.model.features(batch.images)
        if not features.requires_grad:  # all of the trunk is frozen
            features.requires_grad_()
        pred, labels, boxes, times, extra = self.model.rows(features, batch.labels, batch.boxes)
        parts = self.active(pred, labels, boxes, self.global_step, features, self.schedule.scale)
        lc = parts.sample_weights @ parts.classification.detach()
        ll = parts.sample_weights @ parts.localisation.detach()
        tasks = (parts.classification.detach(), parts.localisation.detach())
        self.watch.losses.append((*tasks, rows_of_all(batch.indices.repeat(times))))
        balance = None
        if self._is_due():
            n = len(features)  # the rows after these are further ones of the same images
            good = iou(pred.box.detach()[:n], boxes[:n]) >= 0.5
            balance = balance_of(parts, features, good)
            self._noted = {
                "loss/classification": lc,
                "loss/localisation": ll,
                "loss/total": parts.total.detach(),
                **{f"balance/{name}": value for name, value in balance._asdict().items()},
                "phase": self.schedule.phase,
                "lr": self.trainer.optimizers[0].param_groups[0]["lr"],
            }
        # "loss" is what Lightning minimises, and divides when batches are accumulated.
        outputs = {"classification": lc, "localisation": ll, "total": parts.total.detach()}
        outputs["indices"] = rows_of_all(batch.indices)
        outputs["agreement"] = rows_of_all(_agreement(pred, batch))
        part = ranks() * len(batch.indices) / len(outputs["indices"])  # 1 where all have as many
        outputs["loss"] = parts.total + part * extra
        return outputs if balance is None else outputs | {"balance": torch.stack(balance)}

    def _is_due(self) -> bool:
        """Whether this step is one to be logged."""
        return (self.global_step + 1) % self.trainer.log_every_n_steps == 0  # type: ignore[attr-defined]

    def on_train_epoch_end(self) -> None:
        """Let a combination that asks for it know that a whole epoch is over."""
        self._look_back()
        if self.trainer.is_last_batch:
            for combine in {objective.combine for objective in self.objectives}:
                if hasattr(combine, "end_epoch"):
                    combine.end_epoch()  # type: ignore[operator]

    def on_validation_epoch_start(self) -> None:
        """Let all processes validate what rank zero saves: BatchNorm saw other images on each.

        Raises:
            DivergedError: a step since the last look was not finite.
        """
        self._look_back()
        as_rank_zero(list(self.buffers()))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Keep what the model says; the metrics are of the whole split."""
        pred = self.model.predict(batch.images)
        self._validated.append((pred.logits.float(), pred.box.float(), batch.indices))

    def on_validation_epoch_end(self) -> None:
        """Metrics of the validation split."""
        parts = [torch.cat(column) for column in zip(*self._validated, strict=True)]
        logits, box, indices = (rows_of_all(part).cpu() for part in parts)
        order = indices.argsort()
        self.validated = Prediction(logits[order], box[order])
        self._validated.clear()
        val = self.trainer.datamodule.val  # type: ignore[attr-defined]
        self.results = results_of(*self.validated, val)
        # Ranks that round differently would not agree on what is best.
        values = self.trainer.strategy.broadcast(validated(self.results, self.model.classes))
        self.log_dict(values)
        with self._moving_schedule():
            self.schedule.observe(values)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the norm of all gradients together; let no step count that is no number.

        Lightning's own refuses fused optimizers, which undo float16's scale themselves: for those
        the gradients are still multiplied by it here. On a GPU a step that is no number gets
        gradients of 0, and the run stops when it next logs, validates or saves: asking in each
        step would make the host wait.

        Raises:
            DivergedError: a loss or gradient is not finite. Under float16 a gradient that is too
                large is no fault: its scaler leaves the step out.
        """
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        gradients = [p.grad for p in parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        # A loss may be none and its gradient finite.
        sound = self.watch.end_step(self.global_step, norm.isfinite() if scaler is None else True)
        if self._may_ask():
            self._look_back()
        else:
            broken = ~sound
            for gradient in gradients:
                gradient.masked_fill_(broken, 0)
            norm = norm.masked_fill(broken, 0)
        if self._noted:
            log_step(self.trainer, self._noted)
            self._noted = {}
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            norm = norm / scaler.get_scale()
        # On a CPU nobody waits for the answer, and most steps are within the limit.
        if gradient_clip_val and (self.device.type != "cpu" or norm > gradient_clip_val):
            torch.nn.utils.clip_grads_with_norm_(parameters, gradient_clip_val, norm)

    def _may_ask(self) -> bool:
        """Whether it costs nothing to look at a step, or is time to."""
        return self.device.type == "cpu" or self._is_due()

    def _look_back(self) -> None:
        if self.watch.steps:
            self.watch.look_back(self.trainer.datamodule.train.paths)  # type: ignore[attr-defined]

    def configure_optimizers(self) -> Any:
        """An optimizer whose weight decay spares biases, norms and learned loss weights."""
        groups = parameter_groups(self.model, self.objectives, self.trunk_lr)
        optimizer = self.make_optimizer(groups)
        for group in optimizer.param_groups:
            group["lr"] *= group["factor"]
        rates = LambdaLR(
            optimizer,
            lambda step: self.schedule.lr * self.scheduler(min(1.0, step / self.steps)),
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Let the checkpoint say what it is, and where the schedule stands.

        Raises:
            DivergedError: a step since the last look or a weight is not finite; nothing is saved.
        """
        self._look_back()
        refuse_infinite(self.state_dict(), self.global_step)
        checkpoint["solobox"] = {"format": FORMAT, **self.passport}
        checkpoint["loss_schedule"] = self.schedule.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put the schedule where it stood."""
        self.schedule.load_state_dict(checkpoint["loss_schedule"])

    @contextmanager
    def _moving_schedule(self) -> Iterator[None]:
        """Let a new phase's learning rate count from its first step, and say that it began."""
        before, rate = self.schedule.phase_name, self.schedule.lr
        yield
        if self.schedule.phase_name == before:
            return
        if hasattr(self.active.combine, "forget"):
            self.active.combine.forget()  # type: ignore[operator]
        for optimizer in self.trainer.optimizers:
            for group in optimizer.param_groups:
                group["lr"] *= self.schedule.lr / rate
        text = f"after step {self.global_step}: {before} -> {self.schedule.phase_name}"
        for logger in tensorboards(self.trainer):
            logger.experiment.add_text("phase", text, self.global_step)


@torch.no_grad()
def _agreement(pred: Prediction, batch: Batch) -> Tensor:
    """Probability of the true class and IoU with the true box (B, 2), of each image's own row."""
    n = len(batch.labels)
    sure = pred.logits[:n].softmax(-1)[torch.arange(n, device=pred.logits.device), batch.labels]
    return torch.stack((sure, iou(pred.box[:n], batch.boxes)), dim=1)
