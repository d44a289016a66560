"""Output layers: the top layer of a direction in, the loss of each next word out."""
