"""Commands of model files."""
