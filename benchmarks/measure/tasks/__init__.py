"""Scores of tasks with and without ELMo, and the time that they take."""
