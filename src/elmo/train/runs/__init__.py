"""Runs: a text and a recipe come in, a folder that can be trained in, stopped, resumed and read back goes out."""
