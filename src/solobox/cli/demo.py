"""`solobox demo CKPT`: a page on this computer to drop images on."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from solobox.errors import ConfigError, SoloboxError

PORT = 7860


def main() -> None:
    """Entry point of `solobox demo`."""
    parser = argparse.ArgumentParser(
        prog="solobox demo",
        description="Open a page on this computer: drop an image, see its class, its box and where "
        "the model looks. Nothing leaves this computer; Ctrl-C ends it.",
    )
    parser.add_argument("checkpoint", type=Path, help="such as runs/NAME/checkpoints/best.ckpt")
    parser.add_argument("--port", type=int, default=PORT, help="0: any that is free")
    arguments = parser.parse_args()
    try:
        demo(arguments.checkpoint, arguments.port)
    except SoloboxError as error:
        sys.exit(f"error: {error}")


def demo(checkpoint: Path, port: int) -> None:
    """Show the page until Ctrl-C.

    Raises:
        ConfigError: the packages are missing, or the port cannot be used.
        CheckpointError: there is none, or it is damaged.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"the page needs more packages ({error.name}): pip install 'solobox[demo]'"
        ) from None

    from solobox import load
    from solobox.demo.page import page
    from solobox.demo.server import HOST, listening, serve
    from solobox.engine.quiet import quiet

    quiet()
    predictor = load(checkpoint)
    with (
        listening(port) as listener,
        # Images that were dropped go when the page does.
        tempfile.TemporaryDirectory(prefix="solobox-demo-") as dropped,
    ):
        os.environ["GRADIO_TEMP_DIR"] = dropped
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        blocks = page(predictor, str(checkpoint))
        print(f"{address}   (Ctrl-C ends it)", flush=True)
        serve(blocks, listener)
