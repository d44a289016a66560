"""Programs that measure: each prints its figures, and --save keeps them in results/."""
