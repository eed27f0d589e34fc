"""From raw numbers to a box."""
