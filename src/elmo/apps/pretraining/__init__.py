"""Pretraining: text files in, a run in a folder, its model, its pages out."""
