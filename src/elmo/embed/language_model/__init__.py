"""The language model itself: how well tokens are predicted, and which words fit a masked position."""
