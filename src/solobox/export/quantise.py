"""8-bit ONNX: a quarter of the size, and what that costs is measured, not assumed."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from solobox.errors import ExportError
from solobox.export.packages import packages_for

LAYERS = ("Conv", "Gemm")  # not MatMul: scaling an image to the canvas is one


def quantise(path: Path, to: Path, kind: str, images: Iterable[NDArray[np.uint8]]) -> None:
    """Write an 8-bit version of an exported file.

    Args:
        path: the ONNX file.
        to: the new one.
        kind: "dynamic": weights in 8 bits, ranges of activations found anew in each image;
            "static": ranges are those seen on some images.
        images: (H, W, 3) uint8, for "static"; training images do.

    Raises:
        ExportError: onnxruntime is missing, or cannot read back what it wrote on the way.
        OSError: it cannot be written.
    """
    with packages_for("ONNX"):
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
        from onnxruntime import quantization
    layers = list(LAYERS)
    try:
        with _quiet():
            if kind == "dynamic":
                quantization.quantize_dynamic(
                    path, to, op_types_to_quantize=layers, per_channel=True
                )
            else:
                quantization.quantize_static(
                    path, to, _Seen(images), op_types_to_quantize=layers, per_channel=True,
                    quant_format=quantization.QuantFormat.QDQ,
                )  # fmt: skip
    except DecodeError as error:  # it wrote half a file beside, and did not notice
        raise ExportError(
            "cannot make 8 bits of the ONNX file: a file of its size could not be written beside "
            "it; is the disk full?"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out advice about a step that torch's exporter has already done."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(before)


class _Seen:
    """Images one by one, as onnxruntime's calibration asks for them."""

    def __init__(self, images: Iterable[NDArray[np.uint8]]) -> None:
        self.images: Iterator[NDArray[np.uint8]] = iter(images)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """The next batch, or None at the end."""
        image = next(self.images, None)
        return None if image is None else {"images": image[None]}
