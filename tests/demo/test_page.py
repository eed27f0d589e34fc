"""What the page does with a file, without a browser."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.demo.test_attention import predictor

pytest.importorskip("gradio", reason="needs solobox[demo]")
from solobox.demo.page import answering


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Turned by EXIF."""
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def test_says_what_predict_says_and_shows_it_upright(photo: Path) -> None:
    asked = predictor("soft_argmax", "letterbox")
    answer = asked.predict(photo)
    said, probabilities, box, attention = answering(asked)((str(photo), "mine.jpg"))
    assert probabilities == answer.probabilities
    left, top, right, bottom = (f"{edge:.1f}" for edge in answer.box)
    assert f"from ({left}, {top}) to ({right}, {bottom}) of 30 x 50 pixels" in said
    assert box.size == attention.size == (384, 640)


def test_attention_is_not_offered_by_a_head_without(photo: Path) -> None:
    said, *rest = answering(predictor("linear", "squash"))((str(photo), None))
    assert said.startswith("<b>") and len(rest) == 2


def test_a_broken_image_is_named_and_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / "x.png").touch()
    answer_to = answering(predictor("linear", "squash"))
    said, *rest = answer_to((str(tmp_path / "x.png"), "<i>.png"))
    assert (
        said == "<b>&lt;i&gt;.png: expected an image, found an empty file; replace or remove it</b>"
    )
    assert rest == [None, None]
    assert answer_to(None) == ["", None, None]
