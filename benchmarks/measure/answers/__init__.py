"""Measurements of knowledge bases."""
