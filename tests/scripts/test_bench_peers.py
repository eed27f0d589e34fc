"""The table beside detectors."""

import argparse
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from scripts import bench_peers as peers
from solobox.data.synthetic import Synthetic


class Detector(nn.Module):
    """Finds two boxes in every image, the surer one where it is told; in a black image none."""

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        if not images[0].any():
            return [
                {"scores": torch.zeros(0), "labels": torch.zeros(0), "boxes": torch.zeros(0, 4)}
            ]
        corners = torch.tensor([[0.0, 0, 8, 8], [8.0, 16, 24, 32]])
        return [
            {"scores": torch.tensor([0.3, 0.6]), "labels": torch.tensor([1, 2]), "boxes": corners}
        ]


def test_surest_box_of_a_detector_counts() -> None:
    split = Synthetic(train=1, val=3, test=1, size=32).split("val")
    split.labels[:] = 1
    split.boxes[:] = torch.tensor([0.5, 0.75, 0.5, 0.5]).numpy()
    scores = peers.judged(Detector(), split, 32)
    assert scores == pytest.approx({"acc": 1, "iou": 1, "loc_50": 1, "loc_70": 1})


def test_image_in_which_nothing_is_found_counts_as_a_guess() -> None:
    split = Synthetic(train=1, val=2, test=1, size=32).split("val")
    split.images[:] = 0
    split.labels[:] = 1
    split.boxes[:] = torch.tensor([0.25, 0.25, 0.1, 0.1]).numpy()
    assert peers.judged(Detector(), split, 32)["loc_50"] == 0


def test_table_of_a_folder_replaces_the_one_before_and_leaves_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "DOCS", tmp_path)
    row = {"acc": 0.9, "iou": 0.7, "loc_50": 0.8, "loc_70": 0.5, "seconds": 300.0}
    for folder, value in (("a", 0.8), ("b", 0.6), ("a", 0.4)):
        arguments = argparse.Namespace(
            folder=Path(folder), weights="W", seconds=300, seeds=2, options=[], only=None
        )
        rows = [row | {"loc_50": value}, row | {"loc_50": value + 0.1}]
        peers.write(arguments, {"ours": rows}, "command")
    text = (tmp_path / "peers.md").read_text()
    assert text.count("## a, 300 s\n") == text.count("## b, 300 s\n") == 1
    # t(1) = 12.706, sd = .0707, n = 2: .635
    assert "0.450 ± 0.635" in text and "0.650 ± 0.635" in text and "0.850" not in text


@pytest.mark.slow
def test_faster_rcnn_trains_for_its_seconds(shared: Path) -> None:
    weights = str(shared / "weights/mobilenet_v2_int8dequant.pth")
    folder = f"data.root={shared / 'data/raccoon_kangaroo'}"
    data = peers.data_of(["data=auto", "data.cache=none", folder], seed=0)
    figures = peers.faster_rcnn(data, weights, 5, 0)
    assert 0 <= figures["loc_50"] <= 1
    assert 5 <= figures["seconds"] < 60
