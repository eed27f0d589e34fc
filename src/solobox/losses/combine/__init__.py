"""Two losses into one: `lc (B,), ll (B,), weights (B,), step -> ()`."""
