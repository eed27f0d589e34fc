"""Every metric on examples small enough to compute by hand."""

import pytest
import torch
from torch import Tensor

from solobox.metrics import Results, calibration_error, evaluate, headline, wilson

CLASSES = ("ellipse", "triangle")

# The truth is the left half of the image, so a box from the left edge of width .5 d has IoU d.
TARGET = (0.25, 0.5, 0.5, 1.0)


def of_iou(iou: float) -> tuple[float, float, float, float]:
    return (0.25 * iou, 0.5, 0.5 * iou, 1.0)


def results(
    predicted: list[int],
    labels: list[int],
    ious: list[float],
    confidence: float = 0.9,
    size: tuple[int, int] = (200, 100),
) -> Results:
    probabilities = torch.full((len(labels), 2), 1 - confidence)
    probabilities[torch.arange(len(labels)), torch.tensor(predicted)] = confidence
    return Results(
        probabilities=probabilities,
        boxes=torch.tensor([of_iou(iou) for iou in ious]),
        labels=torch.tensor(labels),
        targets=torch.tensor([TARGET] * len(labels)),
        sizes=torch.tensor([size] * len(labels)),
    )


def five() -> Results:
    """Both right, class only, both right, box only, both wrong."""
    return results([0, 0, 1, 1, 0], [0, 0, 1, 0, 1], [0.9, 0.4, 0.62, 0.72, 0.2])


def test_rates_are_shares_of_the_images() -> None:
    found = evaluate(five(), CLASSES)
    expected = {
        "n": 5,
        "acc": 3 / 5,
        "iou": (0.9 + 0.4 + 0.62 + 0.72 + 0.2) / 5,
        "gt_known_50": 3 / 5,  # .9, .62, .72
        "gt_known_70": 2 / 5,  # .9, .72
        "loc_50": 2 / 5,  # .9 and .62 with the right class
        "loc_70": 1 / 5,  # .9
        "box_acc_v2": (4 / 5 + 3 / 5 + 2 / 5) / 3,
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_loc_50_95_is_the_mean_over_ten_thresholds() -> None:
    # .97 passes all ten, .62 passes .50 .55 .60, .99 has the wrong class
    split = results([0, 0, 1], [0, 0, 0], [0.97, 0.62, 0.99])
    assert evaluate(split, CLASSES)["loc_50_95"] == pytest.approx((10 + 3) / 10 / 3)


def test_iou_of_exactly_one_half_counts_as_found() -> None:
    assert headline(results([0], [0], [0.5]))["loc_50"] == 1


def test_headline_numbers_are_those_of_the_evaluation() -> None:
    found = evaluate(five(), CLASSES)
    assert headline(five()).items() <= found.items()


def test_precision_recall_and_f1_of_a_class() -> None:
    # ellipse: said three times, right twice, there three times; triangle: said 2, right 1, there 2
    found = evaluate(five(), CLASSES)
    assert found["precision_class/ellipse"] == pytest.approx(2 / 3)
    assert found["recall_class/ellipse"] == pytest.approx(2 / 3)
    assert found["f1_class/ellipse"] == pytest.approx(2 / 3)
    assert found["precision_class/triangle"] == pytest.approx(1 / 2)
    assert found["recall_macro_class"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["f1_macro_class"] == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_localised_precision_and_recall_ask_for_the_box_too() -> None:
    # of the two right ellipses one has its box
    found = evaluate(five(), CLASSES)
    assert found["precision_loc_50/ellipse"] == pytest.approx(1 / 3)
    assert found["recall_loc_50/ellipse"] == pytest.approx(1 / 3)
    assert found["recall_loc_50/triangle"] == pytest.approx(1 / 2)
    assert found["precision_macro_loc_50"] == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_precision_and_recall_that_differ_meet_in_f1() -> None:
    # triangle: said once and right, there three times
    found = evaluate(results([1, 0, 0], [1, 1, 1], [1, 1, 1]), CLASSES)
    assert found["precision_class/triangle"] == 1
    assert found["recall_class/triangle"] == pytest.approx(1 / 3)
    assert found["f1_class/triangle"] == pytest.approx(2 * (1 / 3) / (4 / 3))


def test_class_that_never_occurs_scores_zero() -> None:
    found = evaluate(results([0, 0], [0, 0], [1, 1]), CLASSES)
    rows = [found[f"{key}_class/triangle"] for key in ("precision", "recall", "f1")]
    assert rows == [0, 0, 0]


def test_confusion_counts_truth_then_prediction() -> None:
    found = evaluate(results([0, 1, 1, 1], [0, 0, 0, 1], [1, 1, 1, 1]), CLASSES)
    assert found["confusion/ellipse/ellipse"] == 1
    assert found["confusion/ellipse/triangle"] == 2
    assert found["confusion/triangle/ellipse"] == 0
    assert found["confusion/triangle/triangle"] == 1


def test_confusion_is_square_even_for_a_class_that_is_never_seen() -> None:
    found = evaluate(results([0], [0], [1]), CLASSES)
    counts = [value for key, value in found.items() if key.startswith("confusion/")]
    assert sorted(counts) == [0, 0, 0, 1]


def test_decomposition_names_each_image_once() -> None:
    found = evaluate(five(), CLASSES)
    parts = [found[key] for key in ("both_right", "class_only", "box_only", "both_wrong")]
    assert parts == pytest.approx([2 / 5, 1 / 5, 1 / 5, 1 / 5])
    assert sum(parts) == pytest.approx(1)
    assert found["both_right"] == found["loc_50"]


def test_decomposition_of_random_predictions_sums_to_one() -> None:
    n = 500
    split = Results(
        probabilities=torch.rand(n, 3).softmax(-1),
        boxes=torch.rand(n, 4),
        labels=torch.randint(3, (n,)),
        targets=torch.rand(n, 4),
        sizes=torch.randint(50, 500, (n, 2)),
    )
    found = evaluate(split, ("a", "b", "c"))
    parts = [found[key] for key in ("both_right", "class_only", "box_only", "both_wrong")]
    assert sum(parts) == pytest.approx(1)
    assert found["both_right"] + found["class_only"] == pytest.approx(found["acc"])
    assert found["both_right"] + found["box_only"] == pytest.approx(found["gt_known_50"])


def test_calibration_error_is_the_gap_between_confidence_and_success() -> None:
    # One bin: sure at .9, right in 3 of 5. For the joint event: right in 2 of 5.
    found = evaluate(five(), CLASSES)
    assert found["ece"] == pytest.approx(0.3, abs=1e-6)
    assert found["ece_loc_50"] == pytest.approx(0.5, abs=1e-6)


def test_calibration_error_weighs_its_bins_by_their_images() -> None:
    # bin of .61: 2 images, 1 right: gap .11; bin of .95: 3 images, all right: gap .05
    confidence = torch.tensor([0.61, 0.61, 0.95, 0.95, 0.95], dtype=torch.float64)
    event = torch.tensor([True, False, True, True, True])
    assert calibration_error(confidence, event) == pytest.approx((2 * 0.11 + 3 * 0.05) / 5)


def test_opposite_gaps_cancel_inside_a_bin_and_nowhere_else() -> None:
    event = torch.tensor([True, False])
    assert calibration_error(torch.tensor([0.5, 0.5]), event) == pytest.approx(0)
    assert calibration_error(torch.tensor([0.4, 0.6]), event) == pytest.approx(0.6)


@pytest.mark.parametrize(("certain", "expected"), [(True, 0.0), (False, 1.0)])
def test_certainty_of_one_belongs_to_the_last_bin(certain: bool, expected: float) -> None:
    event = torch.tensor([certain, certain])
    assert calibration_error(torch.ones(2), event) == pytest.approx(expected)


def test_pixel_errors_use_the_size_of_the_original_image() -> None:
    # 200 x 100 pixels: centre (20, 30) right and below, 20 wider, 10 lower in height
    split = Results(
        probabilities=torch.tensor([[1.0, 0.0]]),
        boxes=torch.tensor([[0.6, 0.8, 0.4, 0.2]]),
        labels=torch.tensor([0]),
        targets=torch.tensor([[0.5, 0.5, 0.3, 0.3]]),
        sizes=torch.tensor([[200, 100]]),
    )
    found = evaluate(split, CLASSES)
    assert found["centre_px"] == pytest.approx((20**2 + 30**2) ** 0.5, rel=1e-5)
    assert found["size_px"] == pytest.approx((20 + 10) / 2, rel=1e-5)
    # left 20 - 10, right 20 + 10, top 30 + 5, bottom 30 - 5
    assert found["edge_px"] == pytest.approx((10 + 30 + 35 + 25) / 4, rel=1e-5)


def test_perfect_predictions_are_perfect_in_every_metric() -> None:
    found = evaluate(results([0, 1], [0, 1], [1, 1], confidence=1.0), CLASSES)
    ones = ("acc", "iou", "loc_50", "loc_70", "loc_50_95", "box_acc_v2", "f1_macro_loc_50")
    zeros = ("ece", "ece_loc_50", "centre_px", "size_px", "edge_px", "both_wrong")
    assert [found[key] for key in ones] == pytest.approx([1.0] * len(ones))
    assert [found[key] for key in zeros] == pytest.approx([0.0] * len(zeros))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_is_the_published_one(hits: int, n: int, low: float, high: float) -> None:
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_of_all_mirrors_that_of_none() -> None:
    none, every = wilson(0.0, 20), wilson(1.0, 20)
    assert every == pytest.approx((1 - none[1], 1 - none[0]))
    assert every[1] == pytest.approx(1)


def test_wilson_interval_is_inside_0_and_1_for_every_number_of_images() -> None:
    for n in range(1, 300):
        assert wilson(0.0, n)[0] >= 0
        assert wilson(1.0, n)[1] <= 1


def test_rates_carry_their_interval() -> None:
    found = evaluate(five(), CLASSES)
    for key in ("acc", "gt_known_50", "loc_50", "loc_70"):
        assert (found[f"{key}/low"], found[f"{key}/high"]) == wilson(found[key], 5)
        assert found[f"{key}/low"] < found[key] < found[f"{key}/high"]


def test_order_of_the_images_changes_nothing() -> None:
    def evaluated(order: Tensor) -> dict[str, float]:
        split = five()
        columns = (split.probabilities, split.boxes, split.labels, split.targets, split.sizes)
        return evaluate(Results(*(column[order] for column in columns)), CLASSES)

    assert evaluated(torch.tensor([4, 2, 0, 3, 1])) == pytest.approx(evaluated(torch.arange(5)))
