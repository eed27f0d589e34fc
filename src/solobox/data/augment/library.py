"""The one file that imports albumentations, quietly; OpenCV comes with it."""

import os
import warnings

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for news
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its notices about its successor
    import albumentations as A
    import cv2

__all__ = ["A", "cv2"]
