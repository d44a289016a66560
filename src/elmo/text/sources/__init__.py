"""Sources: the format of a file and the text in it, the same for every command."""
