"""Texts that are made for trainings."""
