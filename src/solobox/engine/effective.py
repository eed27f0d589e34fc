"""Which settings decide the result of a run."""

from collections.abc import Iterator
from typing import Any

# Where something lies, or what is shown; not what comes out.
WITHOUT_EFFECT = {
    "ckpt_path", "runs_dir", "report", "objective", "prune", "prune.storage", "prune.trial",
    "data.root", "data.num_workers", "data.worker_timeout", "data.cache", "data.cache_dir",
    "trainer.log_every_n_steps", "callbacks.checkpoints.every_n_steps",
    "callbacks.box_images.count", "callbacks.box_images.every_n_epochs",
}  # fmt: skip


def flat(config: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values of a nested config; lists count as values."""
    for key, value in config.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def effective(settings: dict[str, Any]) -> dict[str, str]:
    """The settings that decide the result: dotted keys, and values as texts."""
    return {key: str(value) for key, value in flat(settings) if key not in WITHOUT_EFFECT}
