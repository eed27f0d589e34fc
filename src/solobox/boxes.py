"""All box geometry. Everywhere else a box is centre x, y, w, h in [0, 1] of its image."""

import math

import torch
from torch import Tensor

# Areas below this are treated as this: it keeps 0 / 0 out of the IoU family and changes no box
# whose side is above 1e-10. torchvision adds 1e-7 instead, which costs a perfect match of side
# 1e-3 nine per cent of its IoU.
TINY_AREA = 1e-20
TINY_SIDE = 1e-10


def to_corners(boxes: Tensor) -> Tensor:
    """Centre x, y, w, h -> x1, y1, x2, y2; (..., 4) in any unit."""
    x, y, w, h = boxes.unbind(-1)
    return torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2), dim=-1)


def to_centre(corners: Tensor) -> Tensor:
    """Corners x1, y1, x2, y2 -> centre x, y, w, h; (..., 4) in any unit."""
    x1, y1, x2, y2 = corners.unbind(-1)
    return torch.stack(((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1), dim=-1)


def clip(boxes: Tensor) -> Tensor:
    """The part of each box (..., 4), centre form, that lies inside the image."""
    return to_centre(to_corners(boxes).clamp(0, 1))


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Areas of intersection and union of boxes in centre form, (..., 4) each, broadcast."""
    # From sizes and centre distance, not from corners: in float32 the corners of a box of side
    # 1e-6 are so rounded that its IoU with itself would be 1.05.
    size_a, size_b = a[..., 2:], b[..., 2:]
    reach = (size_a + size_b) / 2 - (a[..., :2] - b[..., :2]).abs()
    width, height = torch.minimum(reach, torch.minimum(size_a, size_b)).clamp(min=0).unbind(-1)
    intersection = width * height
    union = a[..., 2] * a[..., 3] + b[..., 2] * b[..., 3] - intersection
    return intersection, union.clamp(min=TINY_AREA)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union in [0, 1] of boxes in centre form, (..., 4) each, broadcast."""
    intersection, union = overlap(a, b)
    return intersection / union


def enclosing_size(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Width and height of the smallest box around both, for boxes in centre form."""
    size_a, size_b = a[..., 2:], b[..., 2:]
    span = (size_a + size_b) / 2 + (a[..., :2] - b[..., :2]).abs()
    width, height = torch.maximum(span, torch.maximum(size_a, size_b)).unbind(-1)
    return width, height


def centre_distance(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distance of the centres, and squared diagonal of the smallest box around both."""
    width, height = enclosing_size(a, b)
    diagonal = width.square() + height.square()
    return (a[..., :2] - b[..., :2]).square().sum(-1), diagonal.clamp(min=TINY_AREA)


def aspect_difference(a: Tensor, b: Tensor) -> Tensor:
    """CIoU's v in [0, 1]: 4 / pi^2 (atan(w_b / h_b) - atan(w_a / h_a))^2."""
    angle_a, angle_b = ((box[..., 2] / box[..., 3].clamp(min=TINY_SIDE)).atan() for box in (a, b))
    return 4 / math.pi**2 * (angle_b - angle_a).square()
