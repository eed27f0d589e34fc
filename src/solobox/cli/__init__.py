"""What a person types. The only room that knows Hydra."""
