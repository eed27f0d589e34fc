"""Pretrained weights of a trunk."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import nn

from solobox.errors import ConfigError
from solobox.models.backbone import build_trunk
from solobox.models.pretrained import downloaded, load_trunk, read_weights

MOBILENET = "weights/mobilenet_v2_int8dequant.pth"
SQUEEZENET = "weights/squeezenet1_0_deepcompression.pth"


def load_weights(trunk: nn.Module, name: str, path: Path) -> None:
    load_trunk(trunk, name, read_weights(path), str(path))


@pytest.mark.parametrize(
    ("name", "file"), [("mobilenet_v2", MOBILENET), ("squeezenet1_0", SQUEEZENET)]
)
def test_every_entry_of_the_trunk_comes_from_the_file(name: str, file: str, shared: Path) -> None:
    trunk, _ = build_trunk(name)
    load_weights(trunk, name, shared / file)
    state = torch.load(shared / file, weights_only=True)
    loaded = trunk.state_dict()
    assert {f"features.{key}" for key in loaded} == {k for k in state if k.startswith("features.")}
    assert all(torch.equal(value, state[f"features.{key}"]) for key, value in loaded.items())


def test_weights_of_another_backbone_are_refused_and_change_nothing(shared: Path) -> None:
    trunk, _ = build_trunk("resnet18")
    before = {key: value.clone() for key, value in trunk.state_dict().items()}
    with pytest.raises(ConfigError, match="does not belong to resnet18: 120 entries"):
        load_weights(trunk, "resnet18", shared / MOBILENET)
    assert all(torch.equal(value, before[key]) for key, value in trunk.state_dict().items())


def whole_network(name: str) -> dict[str, torch.Tensor]:
    from torchvision import models

    return models.get_model(name, weights=None).state_dict()


def test_weights_without_their_classifier_are_enough(tmp_path: Path) -> None:
    state = {k: v for k, v in whole_network("resnet18").items() if not k.startswith("fc.")}
    torch.save(state, tmp_path / "trunk.pth")
    trunk, _ = build_trunk("resnet18")
    load_weights(trunk, "resnet18", tmp_path / "trunk.pth")
    assert torch.equal(trunk.state_dict()["conv1.weight"], state["conv1.weight"])


def test_weights_with_another_number_of_classes_are_enough(tmp_path: Path) -> None:
    state = whole_network("resnet18") | {
        "fc.weight": torch.zeros(7, 512),
        "fc.bias": torch.zeros(7),
    }
    torch.save(state, tmp_path / "seven.pth")
    trunk, _ = build_trunk("resnet18")
    load_weights(trunk, "resnet18", tmp_path / "seven.pth")
    assert torch.equal(trunk.state_dict()["conv1.weight"], state["conv1.weight"])


def test_weights_that_lack_one_entry_are_refused_with_its_name(tmp_path: Path) -> None:
    state = whole_network("resnet18")
    del state["layer1.0.bn1.running_var"]
    torch.save(state, tmp_path / "short.pth")
    with pytest.raises(ConfigError, match=r"1 entries are missing.*layer1\.0\.bn1\.running_var"):
        load_weights(build_trunk("resnet18")[0], "resnet18", tmp_path / "short.pth")


def test_weights_of_a_wider_network_of_the_same_names_are_refused(tmp_path: Path) -> None:
    torch.save(whole_network("shufflenet_v2_x1_0"), tmp_path / "wide.pth")
    trunk, _ = build_trunk("shufflenet_v2_x0_5")
    with pytest.raises(ConfigError, match="does not fit shufflenet_v2_x0_5"):
        load_weights(trunk, "shufflenet_v2_x0_5", tmp_path / "wide.pth")


def test_file_that_holds_no_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.pth")
    with pytest.raises(ConfigError, match="not a state_dict"):
        load_weights(build_trunk("resnet18")[0], "resnet18", tmp_path / "tensor.pth")


class Opens:
    """Unpickling this creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def test_file_with_code_in_it_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Opens(tmp_path / "ran")}, tmp_path / "code.pth")
    with pytest.raises(ConfigError, match="not a file of plain weights"):
        load_weights(build_trunk("tiny")[0], "resnet18", tmp_path / "code.pth")
    assert not (tmp_path / "ran").exists()


def test_compressed_file_is_refused_before_it_grows(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(8)}, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in plain.infolist():
            bomb.writestr(entry.filename, plain.read(entry))
    with pytest.raises(ConfigError, match="is compressed, which torch never does"):
        read_weights(tmp_path / "bomb.pth")


def test_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(ConfigError, match="there is no file"):
        read_weights(tmp_path / "pipe.pth")


def test_text_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("these are no weights")
    with pytest.raises(ConfigError, match="not a file of plain weights"):
        load_weights(build_trunk("tiny")[0], "resnet18", tmp_path / "notes.pth")


def test_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no file .*nowhere\.pth"):
        load_weights(build_trunk("tiny")[0], "resnet18", tmp_path / "nowhere.pth")


def test_grey_trunk_takes_the_weights_of_colour(tmp_path: Path) -> None:
    state = whole_network("resnet18")
    torch.save(state, tmp_path / "resnet18.pth")
    trunk, _ = build_trunk("resnet18", channels=1)
    load_weights(trunk, "resnet18", tmp_path / "resnet18.pth")
    expected = state["conv1.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(trunk.state_dict()["conv1.weight"], expected)


def test_download_that_fails_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(ConfigError, match=r"cannot download .* resnet18 .*no network.*its path"):
        downloaded("resnet18")
