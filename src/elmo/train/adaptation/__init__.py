"""Continuing any model on new text: a new softmax, new words, rates by layer, old text mixed in, the best model kept."""
