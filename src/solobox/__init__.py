"""solobox: one image, one object, its class and its box."""

__version__ = "0.1.0"
