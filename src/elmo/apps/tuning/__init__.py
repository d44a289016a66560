"""A recipe and a search space -> trials in folders of their own, the best recipe, and which settings mattered."""
