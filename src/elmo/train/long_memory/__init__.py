"""Perplexity of a model that remembers the text just read: by a cache of states, by gradient steps on that text, or by both.

In: a model, sentences that can be read again from either end. Out: figures of their own names, beside the plain perplexity. Start
reading at `reading.py`.
"""
