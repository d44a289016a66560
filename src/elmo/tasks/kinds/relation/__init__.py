"""The relation of two mentions, or of the concepts of a document."""
