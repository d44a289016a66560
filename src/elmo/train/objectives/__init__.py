"""Objectives: what a training step asks of a model, one file each."""
