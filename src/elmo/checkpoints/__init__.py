"""Checkpoints: paths come in, models go out, and back. Start with `load.py`; our own format is `native.py`."""
