"""The gated convolutional encoder (Dauphin et al. 2017). Start with `gated_cnn.py`."""
