"""A sheet of training images as they are shown: each beside several augmentations of itself."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from solobox.atomic import replacing
from solobox.data.dataset import Images

GAP = 4  # pixels between two pictures
HEAD = 16  # pixels above them for the title, and above each row
COLOUR = (255, 40, 40)


def write_sheet(stored: Images, shown: Images, path: Path, *, rows: int, draws: int) -> None:
    """Write a PNG: a row an image, first as it is stored, then as `draws` epochs show it.

    Args:
        stored: a split as it is.
        shown: the same split, augmented.
        path: where the picture goes.
        rows: how many images, evenly picked.
        draws: how many augmentations of each.

    Raises:
        OSError: it cannot be written.
    """
    picks = np.linspace(0, len(stored) - 1, min(rows, len(stored))).astype(int).tolist()
    side = shown.side
    width = (draws + 1) * (side + GAP) + GAP
    sheet = Image.new("RGB", (width, HEAD + len(picks) * (HEAD + side)), "white")
    ink = ImageDraw.Draw(sheet)
    ink.text((GAP, 2), f"left: as stored; then as {draws} epochs show it", fill="black")
    for row, i in enumerate(picks):
        top = HEAD + row * (HEAD + side)
        label = stored.split.classes[stored.split.labels[i]]
        ink.text((GAP, top + 2), f"{label}: {Path(stored.split.paths[i]).name}", fill="black")
        tiles = [_tile(stored, 0, i, side)] + [_tile(shown, e, i, side) for e in range(draws)]
        for column, tile in enumerate(tiles):
            sheet.paste(tile, (GAP + column * (side + GAP), top + HEAD))
    with replacing(path, binary=True) as file:
        sheet.save(file, "PNG")


def _tile(images: Images, epoch: int, index: int, side: int) -> Image.Image:
    batch = images.__getitems__([(epoch, index)])
    picture: NDArray[np.uint8] = batch.images[0].permute(1, 2, 0).numpy()
    tile = Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR)
    x, y, w, h = (side * batch.boxes[0]).tolist()
    corners = np.array([x - w / 2, y - h / 2, x + w / 2 - 1, y + h / 2 - 1]).round()
    corners[2:] = np.maximum(corners[:2], corners[2:])  # a box of less than a pixel
    ImageDraw.Draw(tile).rectangle(corners.tolist(), outline=COLOUR)
    return tile
