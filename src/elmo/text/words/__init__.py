"""Words: what a model knows of single words: characters, alphabets, vocabularies, the rows of ids that it reads."""
