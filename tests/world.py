"""A folder with all that README.md and docs/ talk of, under the names they use."""

import logging
import shutil
import sys
from pathlib import Path

import pytest
import torch
import torchvision
from tests.data.photographs import annotate, numbered, picture


def furnish(here: Path) -> Path:
    """Photographs (FOLDER, OTHER, photos), weights (FILE), runs (NAME, SWEEP)."""
    for folder, stem in (("FOLDER", ""), ("OTHER", "other_")):
        for label, count in (("cat", 9), ("dog", 6)):
            annotate(here / folder, numbered(f"{stem}{label}", count), label)
    (here / "photos").mkdir()
    for name in ("photos/one.jpg", "photos/two.jpg", "photo.jpg"):
        picture(name).save(here / name)
    torch.save(torchvision.models.mobilenet_v2().state_dict(), here / "FILE")
    small = ("data=auto", "data.root=FOLDER", "data.size=32", "data.batch_size=8", "trainer=cpu",
             "trainer.max_epochs=1", "callbacks.box_images.count=0", "report=false")  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        run(patch, "train", *small, "hydra.run.dir=runs/NAME")
        sweep = "hydra.sweep.dir=runs/SWEEP"
        run(patch, "train", "-m", *small, "loss=ce_l2,ce_giou", sweep)
        shutil.copytree(here / "runs" / "SWEEP", here / "runs" / "sweep-losses")
    return here


def run(patch: pytest.MonkeyPatch, *arguments: str) -> None:
    """`solobox ...` in this process."""
    from solobox.cli.main import main

    patch.setattr(sys, "argv", ["solobox", *arguments])
    handlers = logging.getLogger().handlers[:]
    try:
        main()
    finally:
        logging.getLogger().handlers[:] = handlers  # Hydra set up its own
