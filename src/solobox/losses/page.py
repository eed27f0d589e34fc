"""What a loss's docstring says, taken apart for the tables in README and on the screen."""

import inspect
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """The docstring of a loss.

    Attributes:
        summary: one sentence.
        formula: with every symbol named.
        range: values it can take, e.g. ">= 0" or "in [0, 2)"; "" where nothing is promised.
        source: first author and year, or "" for what is nobody's.
        text: all of it.
    """

    summary: str
    formula: str
    range: str
    source: str
    text: str


def page(kind: type) -> Page:
    """Take the docstring of a loss class apart.

    The first paragraph is its sentence, the second its formula; the range stands behind `->`
    under Shape, the source is the first under Reference.
    """
    text = inspect.getdoc(kind) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    shape = re.search(r"Shape:.*?->(?: weights)? \(B?,?\),?(.*?)\.?(?:\n\n|$)", text, re.S)
    reference = re.search(r"Reference:\s+(.+?), \"[^\"]*\".*?((?:19|20)\d\d)", text, re.S)
    return Page(
        summary=paragraphs[0],
        formula=paragraphs[1] if len(paragraphs) > 1 else "",
        range=" ".join(shape[1].split()) if shape else "",
        source=f"{reference[1]} {reference[2]}" if reference else "",
        text=text,
    )
