"""Images of any size to classes and boxes, as fast as they can be decoded."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from solobox import boxes as geometry
from solobox.calibration import tempered
from solobox.data.canvas import Canvas
from solobox.data.images import open_upright, upright
from solobox.data.record import FaultError, Problem
from solobox.engine.load import Trained
from solobox.inference.answer import Answer
from solobox.models.asked import asked

AHEAD = 2  # batches that are decoded while a GPU is busy; a CPU has no cores to spare
Drawn = tuple[tuple[int, int], NDArray[np.uint8]]  # width and height of the image, and its canvas


class Predictor:
    """A trained model, asked as its run asked it (`evaluate.flip`, `evaluate.zoom`).

    Args:
        trained: what a checkpoint holds.
        device: "cpu", "cuda" and so on; None: a GPU if there is one.

    Attributes:
        trained: as it was given.
        model: the trained network, an ordinary nn.Module in eval mode.
        classes: their names, C1 first.
        asked: the network as it is asked: once, or with mirror images and a second look.
        canvas: what images are drawn on for it.
        temperature: of the class probabilities.
    """

    def __init__(self, trained: Trained, device: str | None = None) -> None:
        how = trained.config["evaluate"]
        self.trained = trained
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model = trained.model.to(self.device)
        self.classes = self.model.classes
        self.asked = asked(self.model, flip=how["flip"], zoom=how.get("zoom", False))
        self.temperature = trained.temperature
        self.canvas = Canvas(self.model.size, self.model.resize)

    def predict(self, image: str | Path | Image.Image | NDArray[np.uint8]) -> Answer:
        """Class and box of the object in one image.

        Args:
            image: a file, a picture of Pillow's in any mode, or an array (H, W, 3) of uint8 RGB,
                upright.

        Raises:
            FaultError: the file is not there, is no image, is damaged or too large, or holds
                values that are no picture.
            ValueError: an array of another shape or type, or an image without a pixel.
        """
        if isinstance(image, np.ndarray):
            if image.dtype != np.uint8 or image.shape[2:] != (3,) or not image.size:
                raise ValueError(
                    f"expected an array (H, W, 3) of uint8, H and W >= 1; found {image.shape} of "
                    f"{image.dtype}"
                )
            image = Image.fromarray(image)
        elif isinstance(image, Image.Image) and 0 in image.size:
            raise ValueError(f"expected an image with pixels; found {image.width} x {image.height}")
        rgb = upright(image) if isinstance(image, Image.Image) else open_upright(Path(image))
        return self._found([(rgb.size, self.canvas.draw(rgb))])[0]

    def stream(
        self, paths: Iterable[Path], *, batch_size: int = 32
    ) -> Iterator[tuple[Path, Answer | Problem]]:
        """Classes and boxes of many files, in their order; of a bad file what is wrong with it.

        Files are decoded on all cores, for a GPU while it is busy with those before; a few batches
        are in memory at a time.
        """
        ahead = 0 if self.device.type == "cpu" else AHEAD
        large = Lock()
        with ThreadPoolExecutor() as pool:
            waiting: deque[tuple[Sequence[Path], list[Future[Drawn | Problem]]]] = deque()
            rest = iter(paths)
            while some := list(islice(rest, batch_size)):
                waiting.append((some, [pool.submit(self._drawn, path, large) for path in some]))
                if len(waiting) > ahead:
                    yield from self._answers(*waiting.popleft())
            while waiting:
                yield from self._answers(*waiting.popleft())

    def _drawn(self, path: Path, large: Lock) -> Drawn | Problem:
        try:
            rgb = open_upright(path, large)
        except FaultError as fault:
            return fault.problem
        return rgb.size, self.canvas.draw(rgb)

    def _answers(
        self, paths: Sequence[Path], futures: Sequence[Future[Drawn | Problem]]
    ) -> Iterator[tuple[Path, Answer | Problem]]:
        results = [future.result() for future in futures]
        found = iter(self._found([r for r in results if not isinstance(r, Problem)]))
        for path, result in zip(paths, results, strict=True):
            yield path, result if isinstance(result, Problem) else next(found)

    def _found(self, drawn: Sequence[Drawn]) -> list[Answer]:
        if not drawn:
            return []
        images = torch.from_numpy(np.stack([canvas for _, canvas in drawn])).permute(0, 3, 1, 2)
        pred = self.asked.predict(images.to(self.device))
        probabilities = tempered(pred.logits.cpu(), self.temperature)
        sizes = np.array([size for size, _ in drawn])
        boxes = torch.from_numpy(self.canvas.to_image(pred.box.cpu().numpy(), sizes))
        corners = geometry.to_corners(geometry.clip(boxes)).numpy() * np.tile(sizes, 2)
        return [
            Answer(
                label=self.classes[int(said.argmax())],
                probability=float(said.max()),
                probabilities=dict(zip(self.classes, said.tolist(), strict=True)),
                box=tuple(box),
                size=size,
            )
            for said, box, (size, _) in zip(probabilities, corners.tolist(), drawn, strict=True)
        ]
