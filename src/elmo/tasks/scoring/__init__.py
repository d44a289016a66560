"""Scores of predictions and their confidence intervals: spans, labels, answers, thresholds, bootstrap."""
