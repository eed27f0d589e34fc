"""What keeps a run safe: its directory, its checkpoints, its schedule."""
