"""Pictures inside a page, so that it is one file and works offline."""

import base64
import io
import warnings

from matplotlib.figure import Figure
from PIL import Image


def png(figure: Figure) -> bytes:
    """A figure as a PNG file's bytes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a script that its font does not have
        figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight")
    return buffer.getvalue()


def jpeg(image: Image.Image) -> bytes:
    """An image as a JPEG file's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def address(kind: str, data: bytes) -> str:
    """A data address for the bytes of "image/png" or "image/jpeg"."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def plain(name: str) -> str:
    """A name in which matplotlib sees no formula."""
    return name.replace("$", r"\$")
