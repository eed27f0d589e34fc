"""The page: an image goes in; box, class, probabilities and attention come out."""

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from solobox.data.images import open_upright
from solobox.data.record import FaultError
from solobox.demo.attention import look, scores_of
from solobox.demo.pictures import found, looked
from solobox.inference.answer import Answer
from solobox.inference.predictor import Predictor

SHOWN = 6  # classes with their probability
HEIGHT = 420  # of the pictures
BOX, LOOKED = "What it is, and where", "Where the model looks: the brighter, the more"


def page(predictor: Predictor, name: str) -> gr.Blocks:
    """All that is on it.

    Args:
        predictor: says what is in an image.
        name: what to call the model, such as the path of its checkpoint.
    """
    with gr.Blocks(title="solobox", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML(_heading(predictor, name))
        with gr.Row():
            with gr.Column():
                photo = gr.Image(
                    label="Your image", type="filepath", image_mode=None, height=HEIGHT,
                    sources=["upload", "clipboard"], buttons=[], elem_id="photo",
                )  # fmt: skip
                # Gradio would decode the file itself, and fail in words of its own.
                photo.preprocess = lambda file: file and (file.path, file.orig_name)
            with gr.Column():
                pictures = [_picture(BOX, "found")]
            if scores_of(predictor.model.head) is not None:
                with gr.Column():
                    pictures.append(_picture(LOOKED, "looked"))
        said = gr.HTML(elem_id="said")
        label = gr.Label(label="Class", num_top_classes=SHOWN, elem_id="label")
        photo.change(
            answering(predictor), photo, [said, label, *pictures],
            show_progress="minimal", show_progress_on=pictures, api_visibility="private",
        )  # fmt: skip
    return blocks


def answering(predictor: Predictor) -> Callable[[tuple[str, str | None] | None], list[Any]]:
    """What the page does with a file: a sentence, probabilities, and a picture or two."""
    nothing = [None] * (1 if scores_of(predictor.model.head) is None else 2)

    def answer_to(file: tuple[str, str | None] | None) -> list[Any]:
        if file is None:
            return ["", None, *nothing]
        path, name = file
        try:
            pixels = np.asarray(open_upright(Path(path)))
        except FaultError as fault:
            said = f"{name or 'The image'}: {fault.problem.text}"
            return [f"<b>{html.escape(said)}</b>", None, *nothing]
        answer, attention = look(predictor, pixels)
        image = Image.fromarray(pixels)  # without EXIF, which Gradio would write to the copies
        pictures = [found(image, answer)]
        if attention is not None:
            pictures.append(looked(image, answer, attention, predictor.canvas))
        return [_sentence(answer), answer.probabilities, *pictures]

    return answer_to


def _picture(title: str, name: str) -> gr.Image:
    return gr.Image(
        label=title, interactive=False, height=HEIGHT, format="jpeg", elem_id=name,
        buttons=["download", "fullscreen"],
    )  # fmt: skip


def _heading(predictor: Predictor, name: str) -> str:
    classes = ", ".join(predictor.classes)
    return (
        f"<h2>Drop an image: what is in it, and where?</h2>"
        f"<p>{html.escape(name)} knows {html.escape(classes)}. "
        f"Nothing leaves this computer.</p>"
    )


def _sentence(answer: Answer) -> str:
    left, top, right, bottom = (f"{edge:.1f}" for edge in answer.box)
    width, height = answer.size
    return (
        f"<b>{html.escape(answer.label)}</b>, probability {answer.probability:.3f}, from "
        f"({left}, {top}) to ({right}, {bottom}) of {width} x {height} pixels"
    )
