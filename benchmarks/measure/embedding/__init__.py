"""How fast and how exactly sentences are embedded, and an index answers."""
