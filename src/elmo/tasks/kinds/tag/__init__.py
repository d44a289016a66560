"""A tag for each token: entities, slots, parts of speech."""
