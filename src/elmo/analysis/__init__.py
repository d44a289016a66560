"""Analysis: a model and texts come in, what its vectors know comes out. Start with `semantic_change.py` or `probes.py`."""
