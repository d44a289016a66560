"""Apps: one plain function for each thing a user does. They take paths and settings, and return results; they print nothing."""
