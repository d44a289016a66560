"""Embedding: text files in; vectors, indexes and neighbours out."""
