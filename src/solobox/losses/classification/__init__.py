"""How wrong the class is: `logits (B, K), labels (B,) -> (B,)`."""
