"""An exported model with onnxruntime and Pillow alone: copy this into your program.

solobox export runs/NAME/checkpoints/best.ckpt --out model.onnx
python scripts/infer_onnx.py model.onnx photo.jpg ...
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def opened(photo: str) -> Image.Image:
    """A photograph as the model was trained on them: upright, transparent parts on white."""
    image = ImageOps.exif_transpose(Image.open(photo))
    if image.mode == "F" or image.mode.startswith("I"):
        raise ValueError(f"{photo}: expected 8 bits a channel, found mode {image.mode}; scale it")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert("RGB")


path, *photos = sys.argv[1:]
session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

for photo in photos:
    probabilities, boxes = session.run(None, {"images": np.array(opened(photo))[None]})
    k = int(probabilities[0].argmax())
    box = ", ".join(f"{edge:.1f}" for edge in boxes[0])  # left, top, right, bottom in pixels
    print(f"{photo}: {classes[k]} {probabilities[0, k]:.3f}, box {box}")
