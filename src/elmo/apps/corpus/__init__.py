"""Corpora: text files in; counts, problems and recommendations out."""
