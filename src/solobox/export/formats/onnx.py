"""ONNX: read by onnxruntime in Python, C++, Java, C#, and by onnxruntime-web in a browser."""

import logging
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from solobox.export.graph import Graph
from solobox.export.packages import packages_for
from solobox.export.parity import Exported
from solobox.inference.predictor import Predictor

SUFFIX = ".onnx"
OPSET = 18  # the first with all that is needed; older runtimes read it


def write(predictor: Predictor, path: Path, about: dict[str, str]) -> None:
    """Trace its graph for any number and size of images, and write it with its weights.

    Raises:
        ExportError: the packages are missing.
        OSError: it cannot be written.
    """
    with packages_for("ONNX"):
        import onnx
        import onnxscript  # noqa: F401  # asked for by torch.onnx

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    any_size = dict.fromkeys(range(3), torch.export.Dim.DYNAMIC)
    images = torch.zeros((2, 67, 90, 3), dtype=torch.uint8)  # sizes that mean nothing
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch about its own code
        program = torch.onnx.export(
            Graph(predictor), (images,), dynamo=True, opset_version=OPSET, verbose=False,
            dynamic_shapes=(any_size,), input_names=["images"],
            output_names=["probabilities", "boxes"],
        )  # fmt: skip
    assert program is not None
    model = program.model_proto
    (given,) = model.graph.input
    names = dict(
        zip(
            (d.dim_param for d in given.type.tensor_type.shape.dim),
            ("N", "height", "width"),
            strict=False,
        )
    )
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_param = names[dim.dim_param]
    onnx.helper.set_model_props(model, about)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def describe(path: Path, about: dict[str, str]) -> None:
    """Let a file say something else about itself.

    Raises:
        OSError: it cannot be written.
    """
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, {p.key: p.value for p in model.metadata_props} | about)
    onnx.save(model, path)


def read(path: Path) -> Exported:
    """A function that asks the file, on a CPU.

    Raises:
        ExportError: onnxruntime is missing.
    """
    with packages_for("ONNX"):
        import onnxruntime
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def ask(images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        probabilities, boxes = session.run(["probabilities", "boxes"], {"images": images})
        return probabilities, boxes

    return ask
