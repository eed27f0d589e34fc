"""What the readers in formats/ are made of: bounded files, strict JSON, tables, written boxes."""
