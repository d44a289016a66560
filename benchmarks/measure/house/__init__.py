"""Measurements of the code itself: folders and files, and whether results are bitwise equal to those of an older commit."""
