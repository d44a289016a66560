"""Documents in; passages out, each character of which knows where it stands in its file. Start with `passages.py`."""
