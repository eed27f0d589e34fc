"""Runs and sweeps are named after the choices made."""

from collections.abc import Mapping, Sequence

from solobox.engine.run_directory import LONGEST_NAME, safe_name

# Choices that do not change what is trained, or that are named anyway.
_UNNAMED = {
    "seed", "ckpt_path", "runs_dir", "report", "prune", "objective",
    "data.root", "data.num_workers", "data.worker_timeout", "model.weights",
}  # fmt: skip
_UNNAMED_GROUPS = {"loss", "data", "model", "trainer", "callbacks", "experiment"}


def run_name(choices: Mapping[str, str], overrides: Sequence[str], seed: int) -> str:
    """Name of a run, from the leaves chosen and what else was typed.

    Args:
        choices: option of each group, e.g. {"loss/classification": "focal"}.
        overrides: what was typed, e.g. ["loss=focal_balancedl1", "optimizer.lr=0.01"].
        seed: seed of the run.
    """
    parts = [choices[f"loss/{role}"] for role in ("classification", "localisation", "combine")]
    parts += [choices["data"], choices["model"]]
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        if key in _UNNAMED or key.partition(".")[0] in ("trainer", "callbacks", "hydra"):
            continue
        if key in choices:  # a group: its option says enough, unless the name holds it already
            if key not in _UNNAMED_GROUPS and value not in parts:
                parts.append(value)
        else:
            parts.append(f"{key.rpartition('.')[2]}_{value}")
    end = f"-s{seed}"
    return safe_name("-".join(parts))[: LONGEST_NAME - len(end)] + end


def sweep_name(overrides: Sequence[str]) -> str:
    """Name of a sweep: what is swept, the same whenever it is run again."""
    return safe_name("sweep-" + "-".join(overrides))
