"""Whether a text is in the scope of a task: it has one of the labels that the task has learned."""
