"""Values and gradients against numbers that were not made with this code."""

from typing import Any

import pytest
import torch
from tests.losses import golden
from tests.losses.contracts import promises_derivative
from tests.losses.golden_ids import MAP
from torch import Tensor, nn

from solobox.losses import ROLES, available, build
from solobox.losses.class_weights import ClassWeights
from solobox.losses.gradient_scheme import GradientScheme
from solobox.losses.prior import log_frequencies, log_odds
from solobox.types import TrainStats

NUMBERS = golden.load(golden.PUBLIC if golden.PUBLIC.exists() else golden.EXTRACT)
SAMPLES = {row["row"]: row for row in NUMBERS["rows_k2"] + NUMBERS["rows_multiclass"]}
TINY = {"r07", "r08", "r20", "r27"}


def is_approximate(entry: dict[str, Any]) -> bool:
    """Libraries put the eps of an IoU in different places; only without one is it exact."""
    is_iou = "xyxy inside" in entry["params"].get("box", "")
    return is_iou and entry["params"].get("eps") != 0


CASES = [
    pytest.param(entry, row, id=f"{entry['id']}-{row['row']}")
    for entry in NUMBERS["losses"]
    if entry["id"] in MAP
    for row in entry["rows"]
    if not (is_approximate(entry) and row["row"] in TINY)
]
COMBINATIONS = [
    pytest.param(entry, row, id=f"{entry['id']}-{row['row']}")
    for entry in NUMBERS["combination"]
    if entry["id"] in MAP
    for row in entry["rows"]
]


def tensor(values: Any) -> Tensor:
    made = torch.tensor(values, dtype=torch.float64)
    return made if torch.tensor(values).is_floating_point() else made.long()


def built(identity: str, classes: int = 2) -> nn.Module:
    role, name, parameters = MAP[identity]
    if parameters.get("weight"):
        parameters = parameters | {"weight": parameters["weight"][:classes]}
    return build(role, name, **parameters).double()


def value_and_gradient(entry: dict[str, Any], sample: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Loss () and its gradient at the whole output vector: logits, then the box if there is one."""
    outputs = tensor(sample["logits"] + sample.get("pred_cxcywh", [])).requires_grad_()
    classes = len(sample["logits"])
    part = built(entry["id"], classes)
    if entry["family"] == "classification":
        loss = part(outputs[None, :classes], tensor([sample["label"]]))
    else:
        loss = part(outputs[None, classes:], tensor([sample["gt_cxcywh"]]))
    (gradient,) = torch.autograd.grad(loss.sum(), outputs)
    return loss.detach().squeeze(0), gradient


@pytest.mark.parametrize(("entry", "row"), CASES)
def test_value_and_gradient_are_golden(entry: dict[str, Any], row: dict[str, Any]) -> None:
    value, gradient = value_and_gradient(entry, SAMPLES[row["row"]])
    loose = is_approximate(entry)
    if row["loss"] is None:  # the reference has NaN or inf here; we must not
        assert value.isfinite()
    else:
        expected = tensor(float(row["loss"]))
        close = {"atol": 1e-5, "rtol": 0.0} if loose else {"atol": 1e-12, "rtol": 1e-9}
        torch.testing.assert_close(value, expected, **close)

    assert gradient.isfinite().all()
    expected_gradient = row["grad"] or [None] * len(gradient)
    comparable = [
        i for i, known in enumerate(expected_gradient) if known is not None and not row["kink"][i]
    ]
    expected = tensor([float(expected_gradient[i]) for i in comparable])
    close = {"atol": 1e-5, "rtol": 1e-4} if loose else {"atol": 1e-12, "rtol": 1e-9}
    torch.testing.assert_close(gradient[comparable], expected, **close)


def combined(identity: str, losses: list[float]) -> tuple[Tensor, Tensor]:
    """Total () and its gradient (2,) at Lc and Ll."""
    lc, ll = (tensor([loss]).requires_grad_() for loss in losses)
    total = built(identity)(lc, ll, torch.ones(1, dtype=torch.float64), step=0)
    return total.detach(), torch.cat(torch.autograd.grad(total, (lc, ll)))


@pytest.mark.parametrize(("entry", "row"), COMBINATIONS)
def test_combination_and_its_gradient_are_golden(
    entry: dict[str, Any], row: dict[str, Any]
) -> None:
    value, gradient = combined(entry["id"], row["losses"])
    torch.testing.assert_close(value, tensor(row["value"]), atol=1e-12, rtol=1e-9)
    if not row["tie"]:
        torch.testing.assert_close(gradient, tensor(row["grad_losses"]), atol=1e-12, rtol=1e-9)
        return
    # At a tie any mix of the two one-sided gradients will do.
    lc, ll = row["losses"]
    one_side = combined(entry["id"], [lc + 1e-6, ll])[1]
    other_side = combined(entry["id"], [lc, ll + 1e-6])[1]
    along = other_side - one_side
    for point in (gradient, tensor(row["grad_losses"])):
        mix = ((point - one_side) @ along / (along @ along).clamp(min=1e-30)).clamp(0, 1)
        torch.testing.assert_close(point, one_side + mix * along, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("entry", "row"),
    [
        pytest.param(entry, row, id=f"{entry['id']}-{row['row']}")
        for entry in NUMBERS["gradient_aggregation"]
        if entry["id"] in MAP and entry["id"] != "gradnorm_one_step"
        for row in entry["rows"]
    ],
)
def test_aggregated_gradient_is_golden(entry: dict[str, Any], row: dict[str, Any]) -> None:
    jacobian = tensor(row["jacobian"])
    weights = built(entry["id"]).weights(jacobian @ jacobian.T, tensor([1.0, 1.0]), 0)
    if row.get("degenerate"):
        assert weights.isfinite().all()
        return
    solved = entry["id"].startswith(("nash", "cagrad"))  # the reference is a numerical solver
    close = {"atol": 1e-4, "rtol": 1e-3} if solved else {"atol": 1e-8, "rtol": 1e-6}
    torch.testing.assert_close(weights @ jacobian, tensor(row["aggregated"]), **close)


@pytest.mark.parametrize(
    "row", [row for e in NUMBERS["gradient_aggregation"] if e["id"] == "gradnorm_one_step"
            for row in e["rows"]],
    ids=lambda row: f"alpha={row['alpha']}",
)  # fmt: skip
def test_gradnorm_learns_as_the_reference_does(row: dict[str, Any]) -> None:
    part = build("combine", "gradnorm", alpha=row["alpha"]).double()
    jacobian = tensor(row["jacobian"])
    gram = jacobian @ jacobian.T
    part.learning_loss(gram, tensor(row["initial_losses"]))
    weights = part.weights(gram, tensor(row["losses"]), 1)
    torch.testing.assert_close(weights @ jacobian, tensor(row["new_shared_grad"]))
    learning = part.learning_loss(gram, tensor(row["losses"]))
    (gradient,) = torch.autograd.grad(learning, part.logits)
    torch.testing.assert_close(gradient, tensor(row["grad_wrt_logits"]), atol=0, rtol=1e-9)


@pytest.mark.parametrize("entry", [e for e in NUMBERS["sequences"] if e["id"].startswith("dwa")])
def test_dwa_follows_the_golden_sequence(entry: dict[str, Any]) -> None:
    part = built(entry["id"])
    epoch = []
    for step, row in enumerate(entry["steps"]):
        lc, ll = (tensor([loss]) for loss in row["losses"])
        value = part(lc, ll, torch.ones(1, dtype=torch.float64), step)
        torch.testing.assert_close(value, tensor(row["value"]), atol=0, rtol=1e-9)
        epoch.append(row["losses"])
        if row.get("end_of_epoch"):
            part.on_epoch_end(tensor(epoch).mean(0))
            epoch = []


@pytest.mark.parametrize("entry", [e for e in NUMBERS["sequences"] if e["id"].startswith("famo")])
def test_famo_follows_the_golden_sequence(entry: dict[str, Any]) -> None:
    part = built(entry["id"]).eval()  # the sequence says itself what is before and after
    for step, row in enumerate(entry["steps"]):
        lc, ll = (tensor([loss]).requires_grad_() for loss in row["losses_before"])
        value = part(lc, ll, torch.ones(1, dtype=torch.float64), step)
        gradient = torch.cat(torch.autograd.grad(value, (lc, ll)))
        torch.testing.assert_close(value.detach(), tensor(row["value"]), atol=0, rtol=1e-9)
        torch.testing.assert_close(gradient, tensor(row["grad_losses"]), atol=0, rtol=1e-9)
        part.update(tensor(row["losses_before"]), tensor(row["losses_after"]))
        expected = tensor(row["logits_after_update"])
        torch.testing.assert_close(part.logits, expected, atol=0, rtol=1e-9)


def entries(section: str, start: str) -> list[Any]:
    """The entries of a section whose id starts so and which are ours."""
    found = [e for e in NUMBERS[section] if e["id"].startswith(start) and e["id"] in MAP]
    assert found
    return [pytest.param(entry, id=entry["id"]) for entry in found]


@pytest.mark.parametrize("entry", entries("batch", "weighted_ce_batch_mean"))
def test_class_balanced_is_the_weighted_mean_of_torch(entry: dict[str, Any]) -> None:
    logits, labels = tensor(entry["logits"]).requires_grad_(), tensor(entry["labels"])
    lc = build("classification", "cross_entropy")(logits, labels)
    weights = build("reduce", "class_balanced", weight=entry["weight"])(lc, lc, labels)
    (gradient,) = torch.autograd.grad(weights @ lc, logits)
    torch.testing.assert_close(weights @ lc, tensor(entry["value"]), atol=0, rtol=1e-9)
    torch.testing.assert_close(gradient, tensor(entry["grad"]), atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("entry", entries("batch", "wiou"))
def test_running_mean_follows_the_golden_sequence(entry: dict[str, Any]) -> None:
    part = built(entry["id"])
    for step in entry["steps"]:
        pred = tensor(step["pred"]).requires_grad_()
        loss = part(pred, tensor(step["gt"]))
        (gradient,) = torch.autograd.grad(loss.sum(), pred)
        torch.testing.assert_close(loss, tensor(step["loss"]), atol=0, rtol=1e-9)
        expected = tensor([row[-4:] for row in step["grad"]])
        torch.testing.assert_close(gradient, expected, atol=1e-12, rtol=1e-9)
        mean = tensor(step["iou_mean_after"])
        torch.testing.assert_close(part.mean.value, mean, atol=0, rtol=1e-9)


@pytest.mark.parametrize("entry", entries("mining", "ohem"))
def test_hardest_fraction_is_golden(entry: dict[str, Any]) -> None:
    losses = tensor(entry["losses"])
    weights = built(entry["id"])(losses, losses, torch.zeros(len(losses), dtype=torch.long))
    torch.testing.assert_close(weights @ losses, tensor(entry["value_mean"]), atol=0, rtol=1e-9)


@pytest.mark.parametrize("entry", entries("mining", "ssd"))
def test_hard_negatives_are_those_that_ssd_selects(entry: dict[str, Any]) -> None:
    labels = torch.zeros(len(entry["logits"]), dtype=torch.long)
    labels[entry["foreground"]] = entry["label_of_foreground"]
    lc = build("classification", "cross_entropy")(tensor(entry["logits"]), labels)
    weights = built(entry["id"])(lc, lc, labels)
    assert weights.nonzero().flatten().tolist() == entry["selected"]
    # SSD divides by the positives, a weighted mean by all that were selected.
    sum_over_positives = weights @ lc * len(entry["selected"]) / len(entry["foreground"])
    expected = tensor(entry["classification_loss"])
    torch.testing.assert_close(sum_over_positives, expected, atol=0, rtol=1e-9)


@pytest.mark.parametrize("entry", NUMBERS["class_weights"])
def test_class_weights_from_counts_are_golden(entry: dict[str, Any]) -> None:
    counts = tuple(entry["counts"])
    stats = TrainStats(counts=counts, mean_box=(0.5, 0.5, 0.3, 0.3), n=sum(counts))

    def computed(rule: str, beta: float = 0.9) -> Tensor:
        weights = ClassWeights(rule, beta=beta)
        weights.bind(stats)
        return weights(torch.arange(len(counts)), torch.zeros(())).double()

    balanced = tensor(entry["sklearn_balanced"])
    torch.testing.assert_close(computed("balanced"), balanced, atol=0, rtol=1e-6)
    for key, values in entry.items():
        if key.startswith("timm_effective_num_beta"):
            beta = float(key.removeprefix("timm_effective_num_beta").removesuffix("_mean1"))
            found = computed("effective_number", beta)
            torch.testing.assert_close(found, tensor(values), atol=0, rtol=1e-5)


@pytest.mark.parametrize("entry", NUMBERS["prior_bias"], ids=lambda entry: str(entry["pi"]))
def test_prior_bias_is_golden(entry: dict[str, float]) -> None:
    n = 1000
    counts = (round(entry["pi"] * n), n - round(entry["pi"] * n))
    stats = TrainStats(counts=counts, mean_box=(0.5, 0.5, 0.3, 0.3), n=n)
    found = log_odds(stats).double()
    expected = tensor([entry["sigmoid_bias"], -entry["sigmoid_bias"]])
    torch.testing.assert_close(found, expected, atol=0, rtol=1e-6)
    lead = log_frequencies(stats).double().diff()  # of the second of two softmax scores
    torch.testing.assert_close(lead, expected[1:], atol=0, rtol=1e-6)


@pytest.mark.parametrize("row", golden.ROWS, ids=lambda row: f"{row.role}-{row.name}")
def test_loss_gives_the_number_computed_by_hand(row: golden.Row) -> None:
    inputs: list[Any] = [tensor(values) for values in row.inputs]
    step = [0] if row.role == "combine" else []
    part = build(row.role, row.name, **row.parameters).double()
    found = (part.weights if isinstance(part, GradientScheme) else part)(*inputs, *step)
    torch.testing.assert_close(found, tensor(row.expected), atol=1e-12, rtol=1e-12)


def test_every_loss_has_a_number_computed_by_hand() -> None:
    ours = {(role, name) for role in ROLES for name in available(role)}
    assert ours - {(row.role, row.name) for row in golden.ROWS} == {("combine", "random_weights")}


def test_class_says_so_where_its_gradient_is_not_the_derivative() -> None:
    detached = [e["id"] for e in NUMBERS["losses"] if e["id"] in MAP and e["detached_terms"]]
    assert not [identity for identity in detached if promises_derivative(built(identity))]


def test_committed_extract_holds_each_mapped_id() -> None:
    committed = golden.load(golden.EXTRACT)
    by_rows = committed["losses"] + committed["combination"]
    others = (committed[name] for name in ("gradient_aggregation", "batch", "mining", "sequences"))
    found = {entry["id"] for entry in sum(others, by_rows)}
    without_rows = {identity for identity in set(MAP) - found if "*" not in identity}
    assert without_rows <= {"wiou_v2_sequence"}, "the one that is held back"
    assert all(len(entry["rows"]) >= 3 for entry in by_rows)


def test_every_golden_loss_is_ours_or_a_neighbours_variant() -> None:
    if not golden.PUBLIC.exists():
        pytest.skip(f"needs the golden numbers in {golden.PUBLIC}")
    optional = {"iou_square", "alpha_giou_3", "alpha_diou_3"}
    for entry in NUMBERS["losses"]:
        name = entry["id"]
        copied_form = name.startswith("balanced_l1") and "rescaled" not in name
        neighbour = name.startswith(("asl_", "onehot_")) or name in optional
        assert name in MAP or neighbour or (copied_form and not name.endswith("_b1")), name


def test_committed_extract_is_what_lies_beside_the_checkout() -> None:
    if not golden.PUBLIC.exists():
        pytest.skip(f"needs the golden numbers in {golden.PUBLIC}")
    assert golden.load(golden.EXTRACT) == golden.extract(golden.load(golden.PUBLIC))
