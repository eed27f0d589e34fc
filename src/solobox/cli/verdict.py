"""Who dominated a run, in plain words, and what to try."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from solobox.callbacks.balance_panel import BalancePanel
from solobox.cli.choices import files_alone

BALANCED = 3.0  # the larger pull over the smaller one, at most


@dataclass(frozen=True)
class Verdict:
    """What a run's balance was.

    Attributes:
        ratio: pull of the box over pull of the class; NaN when no step was measured.
        says: "balanced", "classification dominates", "localisation dominates", "neither pulls" or
            "not measured".
        text: one or two sentences.
        command: a command line to try, or None.
    """

    ratio: float
    says: str
    text: str
    command: str | None

    @property
    def share(self) -> float:
        """Part of the pull that comes from the box."""
        return _share(self.ratio)

    @property
    def figures(self) -> dict[str, float | str | None]:
        """For metrics.json."""
        return {
            "balance/ratio": self.ratio if math.isfinite(self.ratio) else None,
            "balance/share_box": self.share if math.isfinite(self.share) else None,
            "balance/verdict": self.says,
            "balance/text": self.text,
            "balance/try": self.command,
        }


def verdict(
    panel: BalancePanel, program: Sequence[str], typed: Sequence[str], *, scheduled: bool
) -> Verdict:
    """Judge a run by what its panel collected.

    Args:
        panel: at the end of the run.
        program: words that start it, e.g. ["python", "train.py"].
        typed: the options the run was started with.
        scheduled: whether losses or factors changed as it went on; one weight cannot mend that.
    """
    if not panel.measured:
        text = "Balance: not measured, because the run ended before trainer.log_every_n_steps."
        return Verdict(math.nan, "not measured", text, None)
    ratio = panel.pull_ratio
    if math.isnan(ratio):
        text = "Balance: neither loss sends a gradient into the shared features."
        return Verdict(math.nan, "neither pulls", text, None)
    if 1 / BALANCED <= ratio <= BALANCED:
        text = f"Balance: the box pulls {ratio:.2g} times as hard as the class; neither dominates."
        return Verdict(ratio, "balanced", text, None)
    weak, strong = "localisation", "classification"
    if ratio > 1:
        weak, strong = strong, weak
    faint = min(_share(ratio), 1 - _share(ratio))
    text = f"Balance: {weak} sends {_percent(faint)} of the gradient; {strong} dominates."
    weights = None if scheduled else panel.norm_ratio
    command = _command(program, typed, weights)
    return Verdict(ratio, f"{strong} dominates", f"{text}\nTry: {command}", command)


def _command(program: Sequence[str], typed: Sequence[str], norm_ratio: float | None) -> str:
    """The same run, with weights under which both would have pulled alike."""
    kept = [option for option in typed if not _is_combine(option)]
    if norm_ratio is not None and math.isfinite(norm_ratio) and norm_ratio > 0:
        beta = float(f"{1 / norm_ratio:.2g}")
        chosen = [*kept, "loss/combine=weighted"]
        numbers = ["loss.combine.alpha=1.0", f"loss.combine.beta={beta!r}"]
    else:
        chosen, numbers = [*kept, "loss/combine=imtl_g"], []
    # An experiment may have set what this combination does not have.
    expected = files_alone([chosen[-1]])["loss"]["combine"].keys()
    stale = files_alone(chosen)["loss"]["combine"].keys() - expected
    removed = [f"~loss.combine.{key}" for key in sorted(stale)]
    return shlex.join([*program, *chosen, *removed, *numbers])


def _share(ratio: float) -> float:
    return 1.0 if ratio == math.inf else ratio / (1 + ratio)


def _is_combine(option: str) -> bool:
    key = option.lstrip("+~").partition("=")[0]
    return key in ("loss/combine", "ckpt_path") or key.startswith(("loss.combine.", "hydra."))


def _percent(part: float) -> str:
    return f"{100 * part:.2g} %" if part >= 0.0001 else "less than .01 %"
