"""Scores of predictions, and how sure they are: spans, labels, answers, thresholds, bootstrap."""
