"""Finished runs as a study reads them: what each was made of, and what it said about each image."""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from solobox.cells import unguarded
from solobox.data.faults import LONGEST_CLASS
from solobox.engine.effective import effective
from solobox.engine.run_directory import CONFIG_FILE, METRICS_FILE, PRUNED_FILE

SPLITS = ("test", "val")  # the first that all runs have is compared
LARGEST_SETTINGS = 2**18  # bytes of a config.yaml; a run's own has some 5,000
BROKEN = (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError, csv.Error,
          yaml.YAMLError)  # fmt: skip


@dataclass(frozen=True)
class Predictions:
    """A split's images in the order of predictions_*.csv; all have n rows.

    Attributes:
        paths: names of the images.
        true, predicted: class names.
        probabilities: (n, K) in the order of `classes`.
        classes: K class names, C1 first.
        boxes, targets: (n, 4) corners in pixels of the original image.
        iou: (n,) of box and target.
    """

    paths: list[str]
    true: NDArray[np.str_]
    predicted: NDArray[np.str_]
    probabilities: NDArray[np.float64]
    classes: tuple[str, ...]
    boxes: NDArray[np.float64]
    targets: NDArray[np.float64]
    iou: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the class is right (n,)."""
        return self.true == self.predicted

    def scores(self, metric: str) -> NDArray[np.float64]:
        """What each image (n,) adds to the mean of "acc", "iou", "loc_50" or "loc_70"."""
        of = {
            "acc": self.right,
            "iou": self.iou,
            "loc_50": self.right & (self.iou >= 0.5),
            "loc_70": self.right & (self.iou >= 0.7),
        }
        return of[metric].astype(np.float64)


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        directory: where it lies.
        config: its settings, plain.
        metrics: its metrics.json.
        history: its history.csv: a dict an epoch, columns as they are called there.
        predictions: of each split that it judged.
    """

    directory: Path
    config: dict[str, Any]
    metrics: dict[str, Any]
    history: list[dict[str, float]]
    predictions: dict[str, Predictions]

    @property
    def seed(self) -> int:
        """Its seed."""
        return int(self.config["seed"])

    @property
    def made_of(self) -> dict[str, str]:
        """The settings that decide the result, without the seed."""
        return {key: value for key, value in effective(self.config).items() if key != "seed"}


def find_runs(folder: Path) -> tuple[list[Run], list[str]]:
    """All finished runs below a folder, and a sentence for each that cannot be used."""
    runs, faults = [], []
    for directory in sorted(path.parent for path in folder.rglob(CONFIG_FILE)):
        try:
            if (directory / METRICS_FILE).is_file():  # a later trial may have gone on with it
                runs.append(read_run(directory))
            elif (directory / PRUNED_FILE).is_file():
                why = (directory / PRUNED_FILE).read_text(encoding="utf-8")
                faults.append(f"{directory}: {why}; left out")
            else:
                faults.append(f"{directory}: not finished (it has no {METRICS_FILE}); left out")
        except BROKEN as error:
            faults.append(f"{directory}: cannot be read ({_why(error)}); left out")
    return runs, faults


def read_run(directory: Path) -> Run:
    """Read a finished run.

    Raises:
        Those of BROKEN: a file is missing or is not what a run writes.
    """
    config = _settings(directory / CONFIG_FILE)
    metrics = json.loads((directory / METRICS_FILE).read_text(encoding="utf-8"))
    if not isinstance(metrics, dict) or not isinstance(metrics.get("seconds", 0), int | float):
        raise ValueError(f"expected figures in {METRICS_FILE}")
    found = {split: directory / f"predictions_{split}.csv" for split in SPLITS}
    predictions = {k: read_predictions(path) for k, path in found.items() if path.is_file()}
    if not predictions:
        raise ValueError("it has no predictions_test.csv nor predictions_val.csv")
    history = _history(directory / "history.csv")
    return Run(directory, config, metrics, history, predictions)


class _Settings(yaml.SafeLoader):
    """Refuses what repeats itself: ten times ten times ten of the same never end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise ValueError("it repeats a part of itself (*), which no run writes")
        return super().compose_node(parent, index)


def _settings(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST_SETTINGS:
        raise ValueError(f"{path.name} has over {LARGEST_SETTINGS} bytes")
    config = yaml.load(path.read_text(encoding="utf-8"), Loader=_Settings)
    if not isinstance(config, dict) or not isinstance(config.get("data"), dict):
        raise ValueError(f"expected settings in {path.name}")
    if not isinstance(config["seed"], int):
        raise ValueError(f"expected a whole number as seed; found {config['seed']!r:.40}")
    return config


def read_predictions(path: Path) -> Predictions:
    """Read a predictions_*.csv.

    Raises:
        Those of BROKEN: as `read_run`.
    """
    with open(path, newline="", encoding="utf-8", errors="surrogateescape") as file:
        rows = [unguarded(row) for row in csv.DictReader(file, strict=True)]
    if not rows:
        raise ValueError(f"{path.name} is empty")
    classes = tuple(key[2:] for key in rows[0] if key.startswith("p_"))
    if any(len(name) > LONGEST_CLASS for name in classes):
        raise ValueError(f"{path.name} has a class of more than {LONGEST_CLASS} letters")

    def numbers(*keys: str) -> NDArray[np.float64]:
        return np.array([[float(row[key]) for key in keys] for row in rows])

    corners = ("x1", "y1", "x2", "y2")
    return Predictions(
        paths=[row["path"] for row in rows],
        true=np.array([row["true"] for row in rows]),
        predicted=np.array([row["predicted"] for row in rows]),
        probabilities=numbers(*(f"p_{name}" for name in classes)),
        classes=classes,
        boxes=numbers(*corners),
        targets=numbers(*(f"true_{name}" for name in corners)),
        iou=numbers("iou")[:, 0],
    )


def _history(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return [
            {key: float(value) if value else math.nan for key, value in row.items() if key}
            for row in csv.DictReader(file)
            if None not in row.values()  # a line torn by a crash
        ]


def _why(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error}"
    return " ".join(str(error).split())
