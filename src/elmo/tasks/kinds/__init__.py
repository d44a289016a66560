"""Task kinds, a folder each: tag, classify, pair, relation, qa."""
