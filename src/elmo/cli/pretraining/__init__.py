"""Commands of pretraining."""
