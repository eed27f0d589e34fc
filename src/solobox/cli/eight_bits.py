"""`solobox export --quantise`: a file in 8 bits, and what it costs."""

from itertools import islice
from pathlib import Path

import numpy as np

from solobox.cli.run_images import images
from solobox.data.split import Split
from solobox.export.about import about
from solobox.export.formats.onnx import describe, read
from solobox.export.quantise import quantise
from solobox.export.worth import worth
from solobox.inference.predictor import Predictor
from solobox.report import SHOWN

SEEN = 64  # images for the ranges of static quantisation


def quantised(how: str, written: Path, splits: dict[str, Split], predictor: Predictor) -> Path:
    """An 8-bit version of an ONNX file, and on the screen what it is worth beside it."""
    small, trained = written.with_name("small.onnx"), predictor.trained
    seen = islice(images(splits["train"], trained), SEEN)
    quantise(written, small, how, map(np.array, seen))
    val = splits["val"]
    # Both anew: what the checkpoint says of itself may be about images that are gone.
    before, after = (
        worth(read(path), val, map(np.array, images(val, trained))) for path in (written, small)
    )
    print(f"on the {len(val)} validation images, in 32 and in 8 bits:")
    for key, name in SHOWN.items():
        change = after[key] - before[key]
        print(f"  {name:16} {before[key]:.3f} {after[key]:.3f}  ({change:+.3f})")
    measured = {"n": float(len(val)), **after}
    describe(small, about(predictor, {f"val/{key}": value for key, value in measured.items()}))
    return small
