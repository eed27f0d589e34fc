"""What happens around the steps: checkpoints, curves, pictures, a clean stop."""
