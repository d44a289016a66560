"""What frozen vectors know."""
