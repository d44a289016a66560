"""Layers that task models share: the encoder, LSTM, CRF, pooling, pair attention, bags of n-grams."""
