"""Labels of a text."""
