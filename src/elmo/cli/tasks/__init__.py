"""Commands of tasks on labelled examples."""
