"""From a feature map to K + 4 outputs."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from solobox.models.decode.sigmoid import Sigmoid
from solobox.models.heads.linear import Linear
from solobox.models.heads.soft_argmax import SoftArgmax
from solobox.stems import class_of, stems
from solobox.types import TrainStats

CONFIGS = Path(__file__).parents[2] / "configs" / "model"
FOLDERS = {"head": "solobox.models.heads", "decode": "solobox.models.decode"}
LEAVES = [(kind, path.stem) for kind in FOLDERS for path in sorted((CONFIGS / kind).glob("*.yaml"))]
HEADS = stems("solobox.models.heads")
STATS = TrainStats(counts=(6, 4), mean_box=(0.55, 0.45, 0.3, 0.4), n=10)

every_head = pytest.mark.parametrize("name", HEADS)
every_leaf = pytest.mark.parametrize(("kind", "name"), LEAVES)


def head(name: str, channels: int = 16, classes: int = 2) -> nn.Module:
    kind = class_of("solobox.models.heads", name)
    return kind(in_channels=channels, num_classes=classes, decode=Sigmoid())


def assert_inside(outputs: Tensor) -> None:
    assert outputs.isfinite().all()
    assert outputs.dtype == torch.float32
    centre, size = outputs[:, -4:-2], outputs[:, -2:]
    assert ((centre >= 0) & (centre <= 1)).all()
    assert ((size > 0) & (size <= 1)).all()


# The files


@every_leaf
def test_leaf_names_its_file_and_lists_each_default(kind: str, name: str) -> None:
    signature = inspect.signature(class_of(FOLDERS[kind], name))
    given = {"in_channels", "num_classes", "decode", "args", "kwargs"}  # args: of nn.Module
    defaults = {k: p.default for k, p in signature.parameters.items() if k not in given}
    leaf: Any = OmegaConf.to_container(OmegaConf.load(CONFIGS / kind / f"{name}.yaml"))
    assert leaf == {"name": name, **defaults}


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_file_has_a_leaf(kind: str) -> None:
    assert stems(FOLDERS[kind]) == [name for found, name in LEAVES if found == kind]


@every_leaf
def test_first_line_of_a_leaf_is_the_command_that_runs_it(kind: str, name: str) -> None:
    first = (CONFIGS / kind / f"{name}.yaml").read_text().splitlines()[0]
    assert first.startswith("# ")
    assert f"python train.py model/{kind}={name}" in first


# Every head


@every_head
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("shape", [(8, 8), (3, 5), (1, 1)])
def test_head_takes_a_map_of_any_shape(
    name: str, classes: int, shape: tuple[int, int], device: torch.device
) -> None:
    made = head(name, classes=classes).to(device)
    outputs = made(torch.randn(3, 16, *shape, device=device))
    assert outputs.shape == (3, classes + 4)
    assert_inside(outputs)


@every_head
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4, -1e4])
def test_box_is_inside_the_image_for_extreme_features(
    name: str, scale: float, device: torch.device
) -> None:
    made = head(name).to(device)
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    features = scale * torch.rand(64, 16, 4, 4, device=device)
    features.requires_grad_()
    outputs = made(features)
    assert_inside(outputs)
    (gradient,) = torch.autograd.grad(outputs[:, -4:].sum(), features)
    assert gradient.isfinite().all()


@every_head
def test_head_starts_with_the_mean_training_size_and_no_favourite_class(
    name: str, device: torch.device
) -> None:
    made = head(name).to(device)
    made.bind(STATS, torch.zeros(2))
    outputs = made(torch.randn(3, 16, 4, 4, device=device))
    torch.testing.assert_close(outputs[:, -2:], torch.tensor([[0.3, 0.4]] * 3, device=device))
    assert not outputs[:, :-4].any()


@every_head
def test_head_starts_at_the_class_scores_it_is_given(name: str) -> None:
    made = head(name, classes=3)
    scores = torch.tensor([0.7, -1.0, 2.0])
    made.bind(TrainStats(counts=(1, 1, 1), mean_box=STATS.mean_box, n=3), scores)
    torch.testing.assert_close(made(torch.randn(2, 16, 4, 4))[:, :3], scores.expand(2, 3))


@every_head
def test_start_at_an_extreme_mean_box_is_inside_the_image(name: str) -> None:
    made = head(name)
    made.bind(TrainStats(counts=(1, 0), mean_box=(0.0, 1.0, 1.0, 1e-5), n=1), torch.zeros(2))
    assert_inside(made(torch.randn(3, 16, 4, 4)))


@every_head
def test_class_and_box_learn_from_the_features(name: str) -> None:
    made = head(name)
    outputs = made(torch.randn(3, 16, 4, 4))
    outputs.square().sum().backward()
    assert made.linear.weight.grad.any()


# Linear


def test_linear_starts_at_the_mean_training_box() -> None:
    made = Linear(in_channels=16, num_classes=2, decode=Sigmoid())
    made.bind(STATS, torch.zeros(2))
    box = made(torch.randn(1, 16, 4, 4))[0, -4:]
    torch.testing.assert_close(box, torch.tensor(STATS.mean_box))


def test_linear_with_a_grid_of_one_does_not_know_where_anything_is() -> None:
    features = torch.randn(1, 16, 4, 4)
    shuffled = features.flatten(2)[:, :, torch.randperm(16)].view_as(features)
    for grid, same in ((1, True), (4, False)):
        made = Linear(in_channels=16, num_classes=2, decode=Sigmoid(), grid=grid)
        nn.init.normal_(made.linear.weight)
        assert torch.allclose(made(features), made(shuffled), atol=1e-5) is same


def test_linear_refuses_an_empty_grid() -> None:
    with pytest.raises(ValueError, match="grid must be >= 1; found 0"):
        Linear(in_channels=16, num_classes=2, decode=Sigmoid(), grid=0)


# SoftArgmax


def bright(cells: list[tuple[int, int]], rows: int, columns: int) -> tuple[SoftArgmax, Tensor]:
    """A head that attends to channel 0, and a map whose channel 0 is bright in these cells."""
    made = SoftArgmax(in_channels=2, num_classes=2, decode=Sigmoid())
    with torch.no_grad():
        made.attention.weight[0, 0] = 50.0
    features = torch.zeros(1, 2, rows, columns)
    for row, column in cells:
        features[0, 0, row, column] = 1.0
    return made, features


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 6), (3, 7)])
def test_soft_argmax_finds_the_middle_of_the_bright_cell(row: int, column: int) -> None:
    made, features = bright([(row, column)], rows=4, columns=8)
    x, y = made(features)[0, 2:4].tolist()
    assert (x, y) == pytest.approx(((column + 0.5) / 8, (row + 0.5) / 4), abs=1e-5)


def test_soft_argmax_finds_the_centroid_of_two_equally_bright_cells() -> None:
    made, features = bright([(0, 1), (3, 5)], rows=4, columns=8)
    # cells' centres: x 1.5 / 8 and 5.5 / 8, y .5 / 4 and 3.5 / 4
    assert made(features)[0, 2:4].tolist() == pytest.approx([3.5 / 8, 2 / 4], abs=1e-5)


def test_soft_argmax_reads_class_and_size_where_it_looks() -> None:
    made, features = bright([(1, 2)], rows=4, columns=4)
    with torch.no_grad():
        made.linear.weight[0, 1] = 1.0  # C1 is channel 1
    features[0, 1] = -7.0
    features[0, 1, 1, 2] = 3.0
    assert made(features)[0, 0].item() == pytest.approx(3.0, abs=1e-4)


def test_soft_argmax_without_a_bright_cell_is_the_middle() -> None:
    made, features = bright([], rows=3, columns=5)
    assert made(features)[0, 2:4].tolist() == pytest.approx([0.5, 0.5])


# Sigmoid


def test_decode_undoes_its_raw_numbers() -> None:
    decode = Sigmoid()
    values = torch.linspace(0.01, 0.99, 50)
    torch.testing.assert_close(decode.centre(decode.raw_centre(values)), values)
    torch.testing.assert_close(decode.size(decode.raw_size(values)), values)


@pytest.mark.parametrize("extreme", [-1e4, 1e4])
def test_decoded_numbers_stay_in_range_for_extreme_raw_numbers(extreme: float) -> None:
    raw = torch.full((2,), extreme)
    assert ((Sigmoid().centre(raw) >= 0) & (Sigmoid().centre(raw) <= 1)).all()
    assert ((Sigmoid().size(raw) >= 1e-4) & (Sigmoid().size(raw) <= 1)).all()


@pytest.mark.parametrize("value", [0.0, 1e-6, 1.0])
def test_raw_numbers_of_the_ends_of_the_range_are_finite(value: float) -> None:
    ends = torch.full((2,), value)
    assert Sigmoid().raw_centre(ends).isfinite().all()
    assert Sigmoid().raw_size(ends).isfinite().all()
