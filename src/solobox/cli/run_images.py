"""The images of a run, at their own size, out of what its checkpoint says."""

from collections.abc import Iterator
from pathlib import Path

from PIL.Image import Image

from solobox.cli.build import build_source
from solobox.cli.config_files import config_files
from solobox.cli.resume import check_targets
from solobox.data.split import Split
from solobox.engine.load import Trained
from solobox.errors import DataError
from solobox.study.pictures import image_of


def own_splits(trained: Trained, own: Path | None) -> dict[str, Split]:
    """Its splits.

    Args:
        trained: what the checkpoint holds.
        own: a folder of config files beside ours, if there is one.

    Raises:
        CheckpointError: its settings name a class that no config file here names.
        DataError: the images are gone, or cannot be used.
    """
    with config_files(own):
        check_targets(trained.config["data"])
    return build_source(trained.config["data"]).load()


def images(split: Split, trained: Trained) -> Iterator[Image]:
    """A split's images at their own size.

    Raises:
        DataError: one is gone.
    """
    for name in split.paths:
        image = image_of(name, trained.config)
        if image is None:
            raise DataError(f"{name}, an image of the run, is gone; give others with --images")
        yield image
