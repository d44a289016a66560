"""What the models in the package are worth, and what it takes to start."""
