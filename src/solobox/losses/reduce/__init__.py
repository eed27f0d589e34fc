"""Which samples count: `lc (B,), ll (B,), labels (B,) -> weights (B,)`, >= 0, summing to 1."""
