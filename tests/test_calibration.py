"""Temperature scaling."""

import pytest
import torch

from solobox.calibration import fit_temperature, tempered
from solobox.metrics import calibration_error


def drawn(temperature: float, n: int = 4000, classes: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Probabilities that are too sure by a factor, and labels drawn from the honest ones."""
    draw = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(n, classes, generator=draw)
    labels = torch.multinomial(logits.softmax(-1), 1, generator=draw)[:, 0]
    return (logits * temperature).softmax(-1), labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_finds_the_temperature_that_was_planted(temperature: float) -> None:
    probabilities, labels = drawn(temperature)
    assert fit_temperature(probabilities, labels) == pytest.approx(temperature, rel=0.08)


def test_lowers_the_error_on_images_it_was_not_fitted_on() -> None:
    probabilities, labels = drawn(3.0)
    fitted = fit_temperature(probabilities[:2000], labels[:2000])
    errors = []
    for said in (probabilities[2000:], tempered(probabilities[2000:], fitted)):
        right = said.argmax(-1) == labels[2000:]
        errors.append(calibration_error(said.amax(-1), right))
    assert errors[1] < errors[0] / 4


def test_keeps_the_class_and_a_temperature_of_one_keeps_the_bits() -> None:
    probabilities, _ = drawn(1.0)
    for temperature in (0.1, 0.7, 5.0):
        said = tempered(probabilities, temperature)
        assert torch.equal(said.argmax(-1), probabilities.argmax(-1))
        assert torch.allclose(said.sum(-1), torch.ones(len(said)))
    assert torch.equal(tempered(probabilities, 1.0), probabilities)
    certain = torch.tensor([[1.0, 0.0]])  # in float32
    assert torch.isfinite(tempered(certain, 20.0)).all()


def test_images_that_are_all_right_do_not_ask_for_certainty() -> None:
    probabilities, labels = torch.tensor([[0.9, 0.1]] * 20), torch.zeros(20, dtype=torch.long)
    said = tempered(probabilities, fit_temperature(probabilities, labels))
    assert said[0, 0].item() == pytest.approx(21 / 22, abs=1e-3)
