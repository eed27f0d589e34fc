"""From a feature map to K + 4 outputs."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from solobox.models.decode.sigmoid import Sigmoid
from solobox.models.heads.class_specific import ClassSpecific
from solobox.models.heads.decoupled import Decoupled
from solobox.models.heads.flatten import Flatten
from solobox.models.heads.linear import Linear
from solobox.models.heads.soft_argmax import SoftArgmax
from solobox.models.localiser import Localiser
from solobox.stems import class_of, stems
from solobox.types import TrainStats

CONFIGS = Path(__file__).parents[2] / "configs" / "model"
FOLDERS = {"head": "solobox.models.heads", "decode": "solobox.models.decode"}
LEAVES = [(kind, path.stem) for kind in FOLDERS for path in sorted((CONFIGS / kind).glob("*.yaml"))]
HEADS = stems("solobox.models.heads")
STATS = TrainStats(counts=(6, 4), mean_box=(0.55, 0.45, 0.3, 0.4), n=10)

every_head = pytest.mark.parametrize("name", HEADS)
every_leaf = pytest.mark.parametrize(("kind", "name"), LEAVES)


def head(name: str, classes: int = 2, decode: str = "sigmoid", **options: int) -> Localiser:
    """A model that is nothing but a head on maps of 16 channels."""
    kind = class_of("solobox.models.heads", name)
    box = class_of("solobox.models.decode", decode)(**options)
    made = kind(in_channels=16, num_classes=classes, decode=box)
    return Localiser(nn.Identity(), made, classes=[f"C{k + 1}" for k in range(classes)], size=32)


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
    outputs = made.outputs(torch.randn(3, 16, *shape, device=device))
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
    outputs = made.outputs(features)
    assert_inside(outputs)
    (gradient,) = torch.autograd.grad(outputs[:, -4:].sum(), features)
    assert gradient.isfinite().all()


@every_head
def test_head_starts_with_the_mean_training_size_and_no_favourite_class(
    name: str, device: torch.device
) -> None:
    made = head(name).to(device)
    made.bind(STATS, torch.zeros(2))
    outputs = made.outputs(torch.randn(3, 16, 4, 4, device=device))
    torch.testing.assert_close(outputs[:, -2:], torch.tensor([[0.3, 0.4]] * 3, device=device))
    assert not outputs[:, :-4].any()


@every_head
def test_head_starts_at_the_class_scores_it_is_given(name: str) -> None:
    made = head(name, classes=3)
    scores = torch.tensor([0.7, -1.0, 2.0])
    made.bind(TrainStats(counts=(1, 1, 1), mean_box=STATS.mean_box, n=3), scores)
    torch.testing.assert_close(made.outputs(torch.randn(2, 16, 4, 4))[:, :3], scores.expand(2, 3))


@every_head
def test_start_at_an_extreme_mean_box_is_inside_the_image(name: str) -> None:
    made = head(name)
    made.bind(TrainStats(counts=(1, 0), mean_box=(0.0, 1.0, 1.0, 1e-5), n=1), torch.zeros(2))
    assert_inside(made.outputs(torch.randn(3, 16, 4, 4)))


@every_head
def test_class_and_box_learn_from_the_features(name: str) -> None:
    made = head(name)
    outputs = made.outputs(torch.randn(3, 16, 4, 4))
    outputs.square().sum().backward()
    weights = [p for p in made.parameters() if p.ndim > 1]
    assert any(p.grad is not None and p.grad.any() for p in weights)


@every_head
@pytest.mark.parametrize("decode", stems("solobox.models.decode"))
def test_every_head_takes_every_decoding_and_starts_at_the_mean_size(
    name: str, decode: str, device: torch.device
) -> None:
    made = head(name, decode=decode).to(device)
    made.bind(STATS, torch.zeros(2))
    outputs = made.outputs(torch.randn(3, 16, 4, 4, device=device))
    assert outputs.shape == (3, 6)
    expected = torch.tensor([[0.3, 0.4]] * 3, device=device)
    torch.testing.assert_close(outputs[:, -2:], expected, atol=1e-4, rtol=1e-4)


# Linear, Flatten, Mlp


@pytest.mark.parametrize("name", ["linear", "flatten", "mlp"])
@pytest.mark.parametrize("decode", stems("solobox.models.decode"))
def test_heads_without_attention_start_at_the_mean_training_box(name: str, decode: str) -> None:
    made = head(name, decode=decode)
    made.bind(STATS, torch.zeros(2))
    box = made.outputs(torch.randn(1, 16, 4, 4))[0, -4:]
    torch.testing.assert_close(box, torch.tensor(STATS.mean_box), atol=1e-4, rtol=1e-4)


def test_linear_does_not_know_where_anything_is_and_flatten_does() -> None:
    features = torch.randn(1, 16, 4, 4)
    shuffled = features.flatten(2)[:, :, torch.randperm(16)].view_as(features)
    for kind, same in ((Linear, True), (Flatten, False)):
        made = kind(in_channels=16, num_classes=2, decode=Sigmoid())
        nn.init.normal_(made.linear.weight)
        assert torch.allclose(made(features), made(shuffled), atol=1e-5) is same


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("flatten", {"grid": 0}, "grid must be >= 1; found 0"),
        ("voting", {"cells": 0}, "width and cells must be >= 1"),
        ("voting", {"guidance": -1.0}, "guidance >= 0"),
        ("mlp", {"hidden": 0}, "hidden must be >= 1"),
        ("mlp", {"dropout": 1.0}, r"dropout in \[0, 1\)"),
        ("decoupled", {"width": 0}, "width must be >= 1"),
        ("decoupled", {"temperature": 0.0}, "temperature > 0"),
        ("class_specific", {"temperature": -1.0}, "temperature must be > 0; found -1.0"),
        ("soft_argmax", {"temperature": 0.0}, "temperature must be > 0; found 0.0"),
    ],
)
def test_number_out_of_range_is_refused(name: str, options: dict[str, Any], said: str) -> None:
    kind = class_of("solobox.models.heads", name)
    with pytest.raises(ValueError, match=said):
        kind(in_channels=16, num_classes=2, decode=Sigmoid(), **options)


# Decoupled


def test_decoupled_box_does_not_reach_the_class_branch_nor_the_class_the_box_branch() -> None:
    made = Decoupled(in_channels=16, num_classes=2, decode=Sigmoid())
    for parameter in made.parameters():
        nn.init.normal_(parameter)
    of_class = {n for n, _ in made.named_parameters() if n.startswith(("class_", "scores"))}
    outputs = made(torch.randn(2, 16, 4, 4))
    for part, reached in ((outputs[:, :2], True), (outputs[:, 2:], False)):
        made.zero_grad()
        part.square().sum().backward(retain_graph=True)
        for name, parameter in made.named_parameters():
            touched = parameter.grad is not None and bool(parameter.grad.any())
            assert touched is (reached if name in of_class else not reached), name


# ClassSpecific


def test_class_specific_trains_the_box_of_the_true_class_and_gives_that_of_the_predicted() -> None:
    made = head("class_specific", classes=3)
    for parameter in made.head.parameters():
        nn.init.normal_(parameter)
    features, labels = torch.randn(8, 16, 4, 4), torch.arange(8) % 3
    inside = made.head(features)
    assert inside.shape == (8, 3 + 4 * 3)
    boxes = inside[:, 3:].view(8, 3, 4)
    trained = torch.cat(made.rows(features, labels, torch.rand(8, 4)).pred, dim=1)
    given = made.outputs(features)
    predicted = inside[:, :3].argmax(1)
    assert not torch.equal(predicted, labels)
    assert torch.equal(trained, torch.cat((inside[:, :3], boxes[range(8), labels]), dim=1))
    assert torch.equal(given, torch.cat((inside[:, :3], boxes[range(8), predicted]), dim=1))


def test_class_specific_with_one_class_is_soft_argmax() -> None:
    specific = ClassSpecific(in_channels=16, num_classes=1, decode=Sigmoid())
    plain = SoftArgmax(in_channels=16, num_classes=1, decode=Sigmoid())
    with torch.no_grad():
        nn.init.normal_(plain.attention.weight)
        nn.init.normal_(plain.linear.weight)
        specific.attention.weight.copy_(plain.attention.weight)
        specific.weight[0] = plain.linear.weight.T
    features = torch.randn(3, 16, 4, 4)
    torch.testing.assert_close(specific(features), plain(features))


# Voting


def test_voting_trains_the_cells_inside_the_box_and_no_other() -> None:
    made = head("voting", decode="sigmoid")
    made.bind(STATS, torch.zeros(2))
    labels = torch.zeros(4, dtype=torch.long)
    target = torch.tensor([[0.3, 0.6, 0.3, 0.2]]).expand(4, 4)
    rows = made.rows(torch.randn(4, 16, 10, 10), labels, target)
    assert rows.times == 16  # its own box eight times, and eight votes
    assert rows.pred.box.shape == (64, 4) and rows.labels.shape == (64,)
    assert torch.equal(rows.pred.box[:4], rows.pred.box[28:32])
    votes = rows.pred.box[32:]
    # an untrained cell places a box of mean size about itself
    offset = (votes[:, :2] - torch.tensor([0.3, 0.6])).abs() / (torch.tensor([0.3, 0.2]) / 2)
    assert (offset.amax(1) <= 0.6 + 1e-5).all()
    assert torch.equal(rows.pred.logits[:4], rows.pred.logits[8:12])


def test_voting_asks_the_nearest_cell_where_the_box_holds_none() -> None:
    made = head("voting")
    target = torch.tensor([[0.26, 0.74, 0.01, 0.01]])
    rows = made.rows(torch.randn(1, 16, 4, 4), torch.zeros(1, dtype=torch.long), target)
    expected = torch.tensor([[0.375, 0.625]]).expand(8, 2)
    # .26 lies nearest to the cell centre .375 or .125: both are .115 and .135 away
    torch.testing.assert_close(rows.pred.box[8:, :2], expected)
    assert rows.extra.isfinite()


def test_voting_is_told_to_look_inside() -> None:
    made = head("voting", classes=2)
    target = torch.tensor([[0.25, 0.25, 0.5, 0.5]])
    features = torch.randn(1, 16, 4, 4)
    rows = made.rows(features, torch.zeros(1, dtype=torch.long), target)
    # a quarter of an even attention is inside: .5 * ln 4
    assert rows.extra.item() == pytest.approx(0.6931, abs=1e-3)
    assert float(head("soft_argmax").rows(features, torch.zeros(1), target).extra) == 0


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
