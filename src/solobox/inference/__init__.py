"""A trained model at work: images in, a class and a box in pixels out."""
