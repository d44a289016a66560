"""Example files: a few small texts and labelled files in the package -> a folder in which the documented commands run."""
