"""What is read off a loss's docstring."""

import re

import pytest
import torch
from tests.losses import contracts
from tests.losses.test_contracts import CLASSIFICATION, LEAVES, LOCALISATION, made
from torch import nn

from solobox.losses.page import page


class Plain(nn.Module):
    """One sentence.

    L = a
    + b.

    Advice.

    Args:
        a: a number.

    Shape:
        pred (B, 4), target (B, 4), centre x, y, w, h in [0, 1] -> (B,) in
        [0, 2).

    Reference:
        Doe and Roe, "On Boxes: a 1999
        Story", CVPR 2016, arXiv:1234.5678. Differs from 2020.
    """


def test_a_docstring_is_taken_apart() -> None:
    found = page(Plain)
    assert found.summary == "One sentence."
    assert found.formula == "L = a + b."
    assert found.range == "in [0, 2)"
    assert found.source == "Doe and Roe 2016"
    assert "Advice." in found.text


def test_a_class_without_a_docstring_has_an_empty_page() -> None:
    class Silent(nn.Module):
        __doc__ = None

    assert page(Silent).source == page(Silent).range == ""


@pytest.mark.parametrize(("role", "name"), LEAVES)
def test_every_loss_has_a_sentence_and_a_formula(role: str, name: str) -> None:
    found = page(type(made(role, name)))
    assert re.fullmatch(r"[A-Z].{10,120}\.", found.summary)
    assert "=" in found.formula
    assert "Shape:" in found.text
    if role in ("classification", "localisation"):
        assert found.range


def upper_bound(kind: type) -> float:
    found = re.fullmatch(r"in \[0, (.*)[\])]", page(kind).range)
    return {"e": torch.e}.get(found[1]) or float(found[1]) if found else torch.inf


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_stays_in_the_range_it_names(name: str) -> None:
    part = made("classification", name)
    values = part(*contracts.degenerate_logits(2, torch.float64))
    assert values.max() <= upper_bound(type(part))


@pytest.mark.parametrize("name", LOCALISATION)
def test_localisation_stays_in_the_range_it_names(name: str) -> None:
    part = made("localisation", name)
    for pred, target in (
        contracts.degenerate_boxes(torch.float64),
        (contracts.random_boxes(10_000), contracts.random_boxes(10_000)),
    ):
        assert part(pred, target).max() <= upper_bound(type(part))
