"""Checkpoints: paths come in, models go out, and back. Start with `load.py`; each format is a module of `formats/`."""
