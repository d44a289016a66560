"""Survey: the contents of a corpus, counted in bounded memory."""
