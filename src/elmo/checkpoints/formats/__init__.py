"""The formats of model files, one module each."""
