"""What is minimised when: phases of other losses, and factors that move."""
