"""How much of a bare loop's speed `solobox predict` keeps: `make bench`.

    python scripts/bench_predict.py                     # the embedded images as JPEGs of 320 px
    python scripts/bench_predict.py --folder FOLDER     # your own images

The network is not trained: it takes no less time. The bare loop decodes the same files with Pillow,
scales them, and asks the same network in batches of the same size, one thing after the other. Both
take turns; images/s from the first file to the last answer, medians.
"""

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from solobox.data.images import open_upright
from solobox.data.record import FaultError
from solobox.data.synthetic import Synthetic
from solobox.engine.load import Trained
from solobox.engine.memory import keep_freed_memory
from solobox.inference.files import named
from solobox.inference.predictor import Predictor
from solobox.inference.writers import jsonl
from solobox.models import build


def main() -> None:
    """Time both and print their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder")
    parser.add_argument("--backbone", default="mobilenet_v2")
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    keep_freed_memory()
    predictor = untrained(arguments.backbone, arguments.size)
    with tempfile.TemporaryDirectory() as drawn:
        if arguments.folder is None:
            draw(Path(drawn))
        files = readable(list(named([arguments.folder or drawn])))
        compare(predictor, files, arguments)


def untrained(backbone: str, size: int) -> Predictor:
    """A predictor whose network knows nothing."""
    description = {
        "backbone": backbone, "head": {"name": "soft_argmax"}, "decode": {"name": "sigmoid"},
        "classes": ["C1", "C2"], "size": size, "resize": "squash", "channels": 3, "fine": False,
    }  # fmt: skip
    return Predictor(
        Trained(build(description).eval(), {"config": {"evaluate": {"flip": False}}}), "cpu"
    )


def draw(folder: Path, count: int = 256, side: int = 320) -> None:
    """Images of the embedded data set as JPEGs."""
    split = Synthetic(train=count, size=side).split("train")
    for i, pixels in enumerate(split.images[np.arange(count)]):
        Image.fromarray(pixels).save(folder / f"{i:03}.jpg", quality=90)


def compare(predictor: Predictor, files: list[Path], arguments: argparse.Namespace) -> None:
    """Let both take turns on the same files, and print their ratio."""

    def ours() -> None:
        answers = predictor.stream(files, batch_size=arguments.batch)
        jsonl.write(answers, io.StringIO(), predictor.classes)  # type: ignore[arg-type]

    def bare() -> None:
        loop(predictor, files, arguments.batch)

    ours(), bare()
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(arguments.rounds):
        for name, way in (("ours", ours), ("bare", bare)):
            rates[name].append(len(files) / seconds(way))
    ratios = [a / b for a, b in zip(*rates.values(), strict=True)]
    print(
        f"{len(files)} images, batches of {arguments.batch}: predict "
        f"{statistics.median(rates['ours']):.0f} images/s, a bare loop "
        f"{statistics.median(rates['bare']):.0f}; {statistics.median(ratios):.2f} times "
        f"({min(ratios):.2f} to {max(ratios):.2f} in {arguments.rounds} rounds)"
    )


def readable(files: list[Path]) -> list[Path]:
    """Those that predict can use: the bare loop has no patience."""
    good = []
    for path in files:
        try:
            open_upright(path)
            good.append(path)
        except FaultError as fault:
            print(f"left out: {fault}", file=sys.stderr)
    return good


@torch.inference_mode()
def loop(predictor: Predictor, files: list[Path], batch: int) -> None:
    """Decode, scale, ask, and look at the answers."""
    side = predictor.model.size
    for start in range(0, len(files), batch):
        pictures = [
            np.asarray(Image.open(path).convert("RGB").resize((side, side), Image.BILINEAR))
            for path in files[start : start + batch]
        ]
        images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
        answers = predictor.asked.predict(images)
        answers.logits.argmax(1).tolist(), answers.box.tolist()


def seconds(way: Callable[[], None]) -> float:
    """Of one call."""
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
