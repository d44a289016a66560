"""Sources: what a file is and what text is in it, for every command alike."""
