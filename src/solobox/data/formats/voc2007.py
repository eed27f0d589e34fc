"""PASCAL VOC 2007, downloaded."""

from dataclasses import replace
from pathlib import Path

from solobox.data.formats.voc import Voc
from solobox.data.parsing.download import download
from solobox.data.record import Found

ARCHIVES = "https://thor.robots.ox.ac.uk/pascal/VOC/voc2007/"


class Voc2007:
    """PASCAL VOC 2007: 9,963 photographs of 20 classes, by its own train, val and test lists.

    Laid out as Pascal VOC in root/VOCdevkit/VOC2007; where that folder is not there, both archives
    (900 MB) are downloaded into root by torchvision. Most photographs hold several objects:
    data.objects=drop leaves those out.

    Args:
        download: whether to download what is not there.
    """

    def __init__(self, *, download: bool = True) -> None:
        self.download = download

    def read(self, root: Path) -> Found:
        """Read all annotations.

        Raises:
            DataError: the photographs are not there and cannot be downloaded, or cannot be read.
        """
        folder = root / "VOCdevkit" / "VOC2007"
        lists = [folder / "ImageSets" / "Main" / f"{name}.txt" for name in ("train", "test")]
        if not all(path.is_file() for path in lists):
            self._fetch(root, folder)
        found = Voc().read(folder)
        return replace(found, layout=f"VOC 2007, {found.layout}", everywhere=False)

    def _fetch(self, root: Path, folder: Path) -> None:
        def fetch() -> None:
            from torchvision.datasets import VOCDetection

            # The test images first: without those of trainval a reader refuses the folder.
            for image_set in ("test", "trainval"):
                VOCDetection(str(root), year="2007", image_set=image_set, download=True)

        download(
            fetch, self.download, root,
            f"expected VOC 2007 in {folder}, found no such folder",
            f"Fetch VOCtrainval_06-Nov-2007.tar and VOCtest_06-Nov-2007.tar from {ARCHIVES} and "
            f"unpack both in {root}",
        )  # fmt: skip
