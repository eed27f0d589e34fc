"""Who dominated a run, in plain words, and what to try."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from solobox.callbacks.balance_panel import BalancePanel

BALANCED = 3.0  # the larger pull over the smaller one, at most


@dataclass(frozen=True)
class Verdict:
    """What a run's balance was.

    Attributes:
        ratio: pull of the box over pull of the class; NaN when no step was measured.
        share: part of the pull that comes from the box.
        says: "balanced", "classification dominates", "localisation dominates" or "not measured".
        text: one or two sentences.
        command: a command line to try, or None.
    """

    ratio: float
    share: float
    says: str
    text: str
    command: str | None

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


def verdict(panel: BalancePanel, typed: Sequence[str]) -> Verdict:
    """Judge a run by what its panel collected.

    Args:
        panel: at the end of the run.
        typed: the options the run was started with.
    """
    if not panel.measured:
        text = "Balance: not measured, because the run ended before trainer.log_every_n_steps."
        return Verdict(math.nan, math.nan, "not measured", text, None)
    ratio = panel.pull_ratio
    share = ratio / (1 + ratio) if math.isfinite(ratio) else 1.0
    if 1 / BALANCED <= ratio <= BALANCED:
        text = f"Balance: the box pulls {ratio:.2g} times as hard as the class; neither dominates."
        return Verdict(ratio, share, "balanced", text, None)
    weak, strong = "localisation", "classification"
    if ratio > 1:
        weak, strong = strong, weak
    faint = min(share, 1 - share)
    text = f"Balance: {weak} sends {_percent(faint)} of the gradient; {strong} dominates."
    command = _command(panel.norm_ratio, typed)
    return Verdict(ratio, share, f"{strong} dominates", f"{text}\nTry: {command}", command)


def _command(norm_ratio: float, typed: Sequence[str]) -> str:
    """The same run with weights under which both would have pulled alike."""
    kept = [option for option in typed if not _is_combine(option)]
    if math.isfinite(norm_ratio) and norm_ratio > 0:
        beta = float(f"{1 / norm_ratio:.2g}")
        new = ["loss/combine=weighted", "loss.combine.alpha=1.0", f"loss.combine.beta={beta!r}"]
    else:
        new = ["loss/combine=imtl_g"]
    return f"python train.py {shlex.join([*kept, *new])}"


def _is_combine(option: str) -> bool:
    key = option.lstrip("+~").partition("=")[0]
    return key in ("loss/combine", "ckpt_path") or key.startswith(("loss.combine.", "hydra."))


def _percent(part: float) -> str:
    return f"{100 * part:.2g} %" if part >= 0.0001 else "less than .01 %"
