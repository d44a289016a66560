"""The formats of model files that are read and written, one module each."""
