"""Commands of vectors."""
