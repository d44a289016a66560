"""Embedding: sentences come in, contextual vectors go out. Start with `embedder.py`."""
