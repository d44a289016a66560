"""Training: a corpus and a recipe come in, a model folder goes out. Start with `loop.py`."""
