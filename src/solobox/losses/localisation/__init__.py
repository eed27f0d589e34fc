"""How wrong the box is: `pred (B, 4), target (B, 4) -> (B,)`, centre x, y, w, h in [0, 1]."""
