"""Quality of the models in the package, and the time to start."""
