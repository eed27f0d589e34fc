"""One file a format.

`write(predictor, path, about)` writes a file, `read(path)` gives a function that asks it.
"""
