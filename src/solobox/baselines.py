"""What one gets without looking at the image: the majority class and the best constant box.

Both are fitted on the training split. A model that does not beat them has learnt nothing: on
ILSVRC a constant box alone is right (IoU >= .5) for half of the images.
"""

from functools import lru_cache

import torch
from torch import Tensor

from solobox import boxes as geometry

MOST_CANDIDATES = 512
MOST_BOXES = 20_000


def baselines(
    train_labels: Tensor, train_boxes: Tensor, labels: Tensor, targets: Tensor
) -> dict[str, float]:
    """Figures of the constant prediction on a split.

    Args:
        train_labels: (m,) labels that choose the majority class.
        train_boxes: (m, 4) boxes that choose the constant box, centre form.
        labels: (n,) labels of the split that is judged.
        targets: (n, 4) boxes of the split that is judged, centre form.

    Returns:
        majority_acc; constant_iou of the box that is best in mean IoU; constant_gt_known_50 and,
        with the majority class, constant_loc_50 of the box that is best at IoU >= .5.
    """
    majority = labels == train_labels.bincount().argmax()
    for_iou = best_constant_box(train_boxes, threshold=None)
    found = geometry.iou(best_constant_box(train_boxes, threshold=0.5), targets) >= 0.5
    return {
        "majority_acc": float(majority.double().mean()),
        "constant_iou": float(geometry.iou(for_iou, targets).double().mean()),
        "constant_gt_known_50": float(found.double().mean()),
        "constant_loc_50": float((found & majority).double().mean()),
    }


def best_constant_box(boxes: Tensor, threshold: float | None) -> Tensor:
    """The one box (4,) that fits all boxes (m, 4) best.

    Best is the highest share with IoU >= threshold (ties: mean IoU), or with threshold None the
    highest mean IoU. Starts from the mean box and up to 512 of the boxes themselves, evenly
    picked, then moves each coordinate in ever smaller steps while that helps. Of more than
    20,000 boxes some are taken, evenly.
    """
    boxes = boxes[:: -(-len(boxes) // MOST_BOXES)].double()  # more of them change no digit
    return torch.tensor(_fitted(boxes.numpy().tobytes(), threshold))


@lru_cache(maxsize=4)  # two splits and all runs of a sweep ask about the same boxes
def _fitted(doubles: bytes, threshold: float | None) -> list[float]:
    """The best constant box for the bytes of boxes (m, 4)."""
    boxes = torch.frombuffer(bytearray(doubles), dtype=torch.float64).view(-1, 4)
    picks = torch.linspace(0, len(boxes) - 1, min(len(boxes), MOST_CANDIDATES)).long()
    candidates = torch.cat((boxes[picks], boxes.mean(0, keepdim=True)))
    best = _best_of(candidates, boxes, threshold)
    for step in (0.05, 0.02, 0.01, 0.005):
        for _ in range(10):
            moves = torch.cat((torch.zeros(1, 4), step * torch.eye(4), -step * torch.eye(4)))
            moved = best + moves.double()
            chosen = _best_of(moved[(moved[:, 2:] > 0).all(-1)], boxes, threshold)
            if torch.equal(chosen, best):
                break
            best = chosen
    return best.tolist()


def _best_of(candidates: Tensor, boxes: Tensor, threshold: float | None) -> Tensor:
    o = geometry.iou(candidates[:, None], boxes[None])
    score = o.mean(-1)
    if threshold is not None:
        # A share is a multiple of 1 / m and the mean IoU at most 1: this orders by share first.
        score = (o >= threshold).double().sum(-1) + score / 2
    return candidates[score.argmax()]
