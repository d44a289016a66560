"""Analysis: a model and texts in; measures of what its vectors encode out. Start with `change_scores.py` or `probe_scores.py`."""
