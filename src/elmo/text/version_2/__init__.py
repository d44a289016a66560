"""Version 2 of the tokenizer: a text -> sentences and tokens, after Unicode's properties; START with `tokens.py`."""
