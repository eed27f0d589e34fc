"""Decoded images and where they are kept: a packed file, memory, or nowhere."""
