"""Studies of the vectors of a model: probes, change over time, the demo."""
