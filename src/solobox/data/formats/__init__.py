"""One reader a file: a folder in, Records out. What is valid is decided in contract.py."""
