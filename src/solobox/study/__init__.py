"""What runs and losses do, side by side and in pictures."""
