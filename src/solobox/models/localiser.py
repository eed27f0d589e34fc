"""The model: an image in, K + 4 numbers out."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from solobox import boxes
from solobox.types import Prediction, TrainStats


class Rows(NamedTuple):
    """What is trained in a step: row i belongs to image i modulo the batch.

    Attributes:
        pred: R predictions.
        labels: (R,) true classes.
        boxes: (R, 4) true boxes.
        times: rows an image, R / B.
        extra: () what a head adds to the total, 0 for most.
    """

    pred: Prediction
    labels: Tensor
    boxes: Tensor
    times: int
    extra: Tensor


class Localiser(nn.Module):
    """Says which class the one object of an image has, and where it is.

    Args:
        trunk: images (B, 3, H, W) -> feature map (B, C, h, w).
        head: feature map -> outputs (B, K + 4).
        classes: K class names, C1 first.
        size: side of the square images it is trained on, in pixels.
        resize: how an image becomes such a square, "squash" or "letterbox".
        channels: of the trunk's input: 3, or 1 for a trunk that sees grey only.

    Shape:
        images (B, 3, H, W) or (B, 1, H, W), uint8 or float32 in 0 .. 255 -> (B, K + 4) float32:
        logits C1 .. CK, then the box as centre x, y, w, h in [0, 1] of the image, 0 < w, h.
    """

    mean: Tensor
    std: Tensor
    luma: Tensor

    def __init__(
        self,
        trunk: nn.Module,
        head: nn.Module,
        *,
        classes: Sequence[str],
        size: int,
        resize: str = "squash",
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.classes = tuple(classes)
        self.size = size
        self.resize = resize
        self.channels = channels
        # ImageNet's channel statistics, as torchvision's pretrained trunks expect them; for grey
        # the same weighted as grey is.
        mean, std = torch.tensor([123.675, 116.28, 103.53]), torch.tensor([58.395, 57.12, 57.375])
        luma = torch.tensor([0.299, 0.587, 0.114])  # ITU-R BT.601, as Pillow's "L"
        if channels == 1:
            mean, std = (luma @ mean)[None], (luma @ std)[None]
        self.register_buffer("mean", mean.view(-1, 1, 1))
        self.register_buffer("std", std.view(-1, 1, 1))
        self.register_buffer("luma", luma.view(3, 1, 1), persistent=False)

    def bind(self, stats: TrainStats, logits: Tensor) -> None:
        """Let the head start at the mean training box and at class scores (K,)."""
        self.head.bind(stats, logits)  # type: ignore[operator]

    def features(self, images: Tensor) -> Tensor:
        """Normalise images and run the trunk: the float32 features both tasks share."""
        floats = images.to(torch.float32, copy=True)
        if self.channels == 1 and images.shape[1] == 3:
            floats = (floats * self.luma).sum(1, keepdim=True)
        elif self.channels == 3 and images.shape[1] == 1:
            floats = floats.repeat(1, 3, 1, 1)
        self._normalise(floats)
        return self.trunk(floats).float()

    def _normalise(self, floats: Tensor) -> None:
        """(x - mean) / std, in place: another copy of the images takes as long again."""
        scale, shift = 1 / self.std, -self.mean / self.std
        if floats.is_contiguous(memory_format=torch.channels_last):
            # As training images are. Whole lines of pixels: torch's loops over three numbers at a
            # time take seven times as long.
            b, c, h, w = floats.shape
            floats = floats.permute(0, 2, 3, 1).view(b, h, w * c)
            scale, shift = scale.flatten().repeat(w), shift.flatten().repeat(w)
        floats.mul_(scale).add_(shift)

    def outputs(self, features: Tensor) -> Tensor:
        """Outputs (B, K + 4) from shared features (B, C, h, w)."""
        # Boxes need float32: bfloat16 resolves a 640-pixel image in steps of 2 pixels.
        with torch.autocast(features.device.type, enabled=False):
            outputs = self.head(features)
            logits = outputs[:, : len(self.classes)]
            return self._with_box_of(logits.argmax(1), outputs)

    def rows(self, features: Tensor, labels: Tensor, boxes: Tensor) -> Rows:
        """What is trained: a row an image, and for a head whose cells vote a few more.

        Args:
            features: shared (B, C, h, w), float32.
            labels: (B,) true classes; of a head with a box a class theirs are trained.
            boxes: (B, 4) true boxes.
        """
        with torch.autocast(features.device.type, enabled=False):
            if not hasattr(self.head, "votes"):
                outputs = self._with_box_of(labels, self.head(features))
                return Rows(Prediction.of(outputs), labels, boxes, 1, outputs.new_zeros(()))
            outputs, votes, extra = self.head.votes(features, boxes)  # type: ignore[operator]
            logits, box = Prediction.of(outputs)
            # The image's own box counts as much as its votes together.
            times = 2 * votes.shape[1]
            own = box.repeat(votes.shape[1], 1)
            said = torch.cat((own, votes.transpose(0, 1).flatten(0, 1)))
            pred = Prediction(logits.repeat(times, 1), said)
            return Rows(pred, labels.repeat(times), boxes.repeat(times, 1), times, extra)

    def _with_box_of(self, chosen: Tensor, outputs: Tensor) -> Tensor:
        """Keep one box where there is one a class."""
        logits, rest = outputs.tensor_split((len(self.classes),), dim=1)
        if rest.shape[1] == 4:
            return outputs
        images = torch.arange(len(rest), device=rest.device)
        return torch.cat((logits, rest.unflatten(1, (-1, 4))[images, chosen]), dim=1)

    def forward(self, images: Tensor) -> Tensor:
        return self.outputs(self.features(images))

    @torch.inference_mode()
    def predict(self, images: Tensor) -> Prediction:
        """Class probabilities in place of logits, and boxes cut to the image; call in eval mode."""
        logits, box = Prediction.of(self(images))
        return Prediction(logits.softmax(-1), boxes.clip(box))
