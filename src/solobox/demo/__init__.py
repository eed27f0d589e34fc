"""A page on this computer: drop an image, see what the model says and where it looks."""
