"""Answers as other programs read them, one file a format.

`write(answers, to, classes)` takes pairs of an image's path and its answer and writes them as they
come.
"""
