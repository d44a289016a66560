"""Probes: which information frozen vectors contain."""
