"""torch.export: run by torch alone, in Python or C++ (AOTInductor), without solobox."""

import io
import json
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from solobox.export.graph import Graph
from solobox.export.parity import Exported
from solobox.inference.predictor import Predictor

SUFFIX = ".pt2"
ABOUT = "about.json"


def write(predictor: Predictor, path: Path, about: dict[str, str]) -> None:
    """Trace its graph for any number and size of images, and write it with its weights.

    Raises:
        OSError: it cannot be written.
    """
    any_size = dict.fromkeys(range(3), torch.export.Dim.DYNAMIC)
    images = torch.zeros((2, 67, 90, 3), dtype=torch.uint8)  # sizes that mean nothing
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about its own code
        program = torch.export.export(Graph(predictor), (images,), dynamic_shapes=(any_size,))
        # In memory first: on a full disk torch's own writer takes the whole process down.
        held = io.BytesIO()
        torch.export.save(program, held, extra_files={ABOUT: json.dumps(about)})
    path.write_bytes(held.getbuffer())


def read(path: Path) -> Exported:
    """A function that asks the file."""
    program = torch.export.load(path).module()

    def ask(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        probabilities, boxes = program(torch.from_numpy(images))
        return probabilities.detach().numpy(), boxes.detach().numpy()

    return ask
