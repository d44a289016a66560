"""A label or a number for two texts."""
