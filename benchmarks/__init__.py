"""Measured figures and the pages made of them; run from the root of the checkout: `python -m benchmarks.measure.tasks.tasks`."""
