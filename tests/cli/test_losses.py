"""`solobox losses`: the table and the pages."""

import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.command import ROOT

from solobox.cli.main import main


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`losses("show", "giou")` is `solobox losses show giou` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["solobox", "losses", *arguments])
        main()
        return capsys.readouterr().out

    return run


def test_table_has_a_row_for_each_leaf_with_formula_range_parameters_and_source(losses) -> None:
    out = losses()
    for path in (ROOT / "configs" / "loss").glob("*/*.yaml"):
        assert f" {path.stem} " in out
    row = next(line for line in out.splitlines() if " log_iou " in line)
    assert [cell.strip() for cell in row.strip("│ ").split("│")] == [
        "log_iou", "L = -ln max(IoU, eps).", ">= 0", "eps=1e-06", "Yu et al. 2016",
    ]  # fmt: skip


def test_show_prints_the_page_and_writes_a_figure(losses, tmp_path: Path) -> None:
    out = losses("show", "balanced_l1")
    assert "Libra R-CNN: Towards Balanced Learning" in out
    assert "python train.py loss/localisation=balanced_l1" in out
    assert "loss.localisation.gamma=1.5" in out
    with Image.open(tmp_path / "localisation-balanced_l1.png") as figure:
        assert figure.width > 1000


def test_show_takes_parameters_and_a_place_for_the_figure(losses, tmp_path: Path) -> None:
    losses("show", "smooth_l1", "--out", "before.png")
    out = losses("show", "smooth_l1", "beta=0.1", "--out", "after.png")
    assert "loss.localisation.beta=0.1" in out
    assert (tmp_path / "before.png").read_bytes() != (tmp_path / "after.png").read_bytes()


def test_name_in_two_roles_shows_both_and_a_role_chooses(losses, tmp_path: Path) -> None:
    losses("show", "yolo_v1")
    assert {path.name for path in tmp_path.iterdir()} == {
        "classification-yolo_v1.png", "localisation-yolo_v1.png",
    }  # fmt: skip
    assert "loss/classification=" not in losses("show", "localisation/yolo_v1")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("gious", "there is no loss 'gious'; did you mean 'giou'?"),
        ("reduce/giou", "there is no loss 'reduce/giou'"),
        ("smooth_l1 beta=0", "beta must be > 0; found 0"),
        ("smooth_l1 bet=1", "smooth_l1 has no parameter 'bet'; it has: beta"),
        ("giou a=3", "giou has no parameter 'a'; it has: none"),
        ("giou 3", "cannot read the option '3'; expected key=value"),
        ("smooth_l1 beta=[1", "cannot read the option 'beta=[1'"),
        ("smooth_l1 beta=abc", "beta must be a number > 0; found 'abc'"),
        ("smooth_l1 beta=true", "beta must be a number > 0; found True"),
        ("yolo_v1 lambda_coord=3", "classification/yolo_v1 or localisation/yolo_v1; say which"),
        ("sigmoid_focal alpha=[0.1,0.2,0.3]", "each of 2 classes; found 3"),
        ("focal weight=much", "found 'much'"),
        ("giou --out nowhere/x.png", "cannot write nowhere/x.png (No such file or directory)"),
    ],
)
def test_a_mistake_gets_one_sentence(losses, typed: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        losses("show", *typed.split())
    assert sentence in str(end.value) and "\n" not in str(end.value)
    assert list(tmp_path.iterdir()) == []
