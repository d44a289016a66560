"""How fast, in how much memory and how well models are trained."""
