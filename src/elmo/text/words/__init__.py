"""Words: characters, alphabets, vocabularies, and the rows of ids that a model reads for each word."""
