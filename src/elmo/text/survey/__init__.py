"""Survey: what is in a corpus, counted in bounded memory."""
