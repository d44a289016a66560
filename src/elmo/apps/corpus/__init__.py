"""Corpora: text files in, what is in them and what to do about it out."""
