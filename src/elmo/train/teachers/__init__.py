"""Models whose layers a biLM learns: `elmo distil`."""
