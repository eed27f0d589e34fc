import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.photographs import annotate, numbered

from solobox.cli.preview import main

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`solobox preview ...` in a folder with pets."""
    annotate(tmp_path / "pets", numbered("cat", 6), "cat")
    annotate(tmp_path / "pets", numbered("dog", 6), "dog")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["solobox preview", *arguments])
        try:
            main()
        except SystemExit as end:
            return 1, f"{capsys.readouterr().out}{end.code}"
        return 0, capsys.readouterr().out

    return run


def test_a_sheet_shows_each_image_as_stored_and_as_epochs_show_it(
    preview: Run, tmp_path: Path
) -> None:
    code, out = preview(
        "data=auto", "data.root=pets", "data.size=48", "--rows", "3", "--draws", "4"
    )
    assert code == 0
    assert "data: pets: Pascal VOC" in out
    assert out.endswith("picture: preview.png\n")
    with Image.open(tmp_path / "preview.png") as image:
        sheet = np.asarray(image)
    assert sheet.shape == (16 + 3 * 64, 4 + 5 * 52, 3)
    tiles = [sheet[32:80, x : x + 48] for x in range(4, 4 + 5 * 52, 52)]
    assert len({tile.tobytes() for tile in tiles}) == 5
    for tile in tiles:  # a red frame
        assert (tile == (255, 40, 40)).all(-1).sum() > 40


def test_the_embedded_data_set_can_be_looked_at(preview: Run, tmp_path: Path) -> None:
    few = ("data.train=8", "data.val=2", "data.test=2")
    assert preview(*few, "augment=light", "--out", "sheets/drawn.png")[0] == 0
    with Image.open(tmp_path / "sheets" / "drawn.png") as sheet:
        assert sheet.size[0] > 400


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("data=auto",), "data.root is not set"),
        (("data=auto", "data.root=nowhere"), "there is no folder nowhere"),
        (("augment=strongest",), "augment has no option 'strongest', did you mean 'strong'?"),
        (("--rows", "0"), "--rows and --draws must be >= 1"),
    ],
)
def test_what_cannot_be_done_is_said(
    preview: Run, arguments: tuple[str, ...], sentence: str
) -> None:
    code, said = preview(*arguments)
    assert code == 1
    assert sentence in said
