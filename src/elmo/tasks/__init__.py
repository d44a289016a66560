"""Tasks: labelled examples and the layers of a biLM come in, labels come out. Start with `fit.py`.

Shapes beside those of `elmo/model/__init__.py`: **K** labels.
"""
