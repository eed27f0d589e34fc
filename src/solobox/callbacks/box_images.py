"""Validation images with true and predicted boxes, in TensorBoard."""

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from solobox.boxes import to_corners
from solobox.data.datamodule import DataModule
from solobox.engine.logger import tensorboards
from solobox.errors import ConfigError
from solobox.module import SoloboxModule

TRUE, RIGHT, WRONG = (255, 255, 255), (60, 220, 90), (255, 70, 60)


class BoxImages(Callback):
    """Draws the same validation images after each validation.

    The true box is white; the predicted one green where the class is right, red where it is not.

    Args:
        count: how many images, evenly picked from the split; 0 draws none.
        every_n_epochs: draw after each so many epochs.

    Raises:
        ConfigError: count < 0 or every_n_epochs < 1.
    """

    def __init__(self, count: int = 16, every_n_epochs: int = 1) -> None:
        if count < 0 or every_n_epochs < 1:
            raise ConfigError(
                f"callbacks.box_images needs count >= 0 and every_n_epochs >= 1; "
                f"found {count} and {every_n_epochs}"
            )
        self.count, self.every_n_epochs = count, every_n_epochs

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw, unless there is nobody to draw for."""
        turn = (trainer.current_epoch + 1) % self.every_n_epochs == 0
        if trainer.sanity_checking or not self.count or not trainer.loggers or not turn:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]
        assert isinstance(data, DataModule) and isinstance(pl_module, SoloboxModule)
        pred, n = pl_module.validated, len(pl_module.validated.box)
        picks = torch.linspace(0, n - 1, min(self.count, n)).long()
        images = torch.from_numpy(data.val.images[picks.numpy()]).permute(0, 3, 1, 2)
        right = pred.logits.argmax(-1)[picks] == torch.from_numpy(data.val.labels)[picks]
        boxes = torch.from_numpy(data.val.boxes)[picks]
        sheet = draw(images, boxes, pred.box[picks], right)
        for logger in tensorboards(trainer):
            logger.experiment.add_images("val/boxes", sheet, trainer.global_step - 1)


def draw(images: Tensor, targets: Tensor, boxes: Tensor, right: Tensor) -> Tensor:
    """Draw frames into copies of images (n, 3, H, W) uint8; boxes (n, 4) centre form."""
    sheet = images.clone(memory_format=torch.contiguous_format)
    for i in range(len(sheet)):
        _frame(sheet[i], targets[i], TRUE)
        _frame(sheet[i], boxes[i], RIGHT if right[i] else WRONG)
    return sheet


def _frame(image: Tensor, box: Tensor, colour: tuple[int, int, int]) -> None:
    height, width = image.shape[-2:]
    scale = torch.tensor([width, height, width, height])
    most = scale - 1
    x1, y1, x2, y2 = (to_corners(box) * scale).round().long().clamp(min=0).minimum(most).tolist()
    thick = max(1, width // 100)
    ink = torch.tensor(colour, dtype=torch.uint8)[:, None, None]
    image[:, y1 : y1 + thick, x1 : x2 + 1] = ink
    image[:, max(y2 - thick + 1, 0) : y2 + 1, x1 : x2 + 1] = ink
    image[:, y1 : y2 + 1, x1 : x1 + thick] = ink
    image[:, y1 : y2 + 1, max(x2 - thick + 1, 0) : x2 + 1] = ink
