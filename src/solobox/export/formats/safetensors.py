"""safetensors: the weights and how to build the model, for `solobox.load` and for other programs.

It holds no graph: scaling and decoding are those of solobox.
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from solobox.engine.load import ABOUT, SAFETENSORS, load_model
from solobox.export.packages import packages_for
from solobox.export.parity import Exported
from solobox.inference.predictor import Predictor

SUFFIX = SAFETENSORS


def write(predictor: Predictor, path: Path, about: dict[str, str]) -> None:
    """Write the weights, with what the checkpoint says about itself as JSON.

    Raises:
        ExportError: the package is missing.
        OSError: it cannot be written.
    """
    with packages_for("safetensors"):
        from safetensors.torch import save
    weights = {k: v.contiguous() for k, v in predictor.model.state_dict().items()}
    # Not save_file, whose errors are of its own kind, and whose files nobody else may read.
    path.write_bytes(save(weights, {**about, ABOUT: json.dumps(predictor.trained.about)}))


def read(path: Path) -> Exported:
    """A function that asks the file."""
    predictor = Predictor(load_model(path), "cpu")

    def ask(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        answers = [predictor.predict(image) for image in images]
        probabilities = [list(answer.probabilities.values()) for answer in answers]
        return (
            np.array(probabilities, np.float32),
            np.array([answer.box for answer in answers], np.float32),
        )

    return ask
