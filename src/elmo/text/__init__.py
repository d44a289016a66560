"""Text: strings and files come in; tokens, sentences and ids go out. Independent of torch.

Start with `tokens.py` (raw text -> tokens), then `characters.py` (a word -> its character ids).
"""
