"""Which context encoders there are: one line and one folder each."""

from elmo.model.encoders.context_encoder import ContextEncoder
from elmo.model.encoders.gated_cnn.gated_cnn import GatedCNN
from elmo.model.encoders.lstm.lstm_encoder import LSTMEncoder
from elmo.model.encoders.settings import EncoderConfig

ENCODERS: tuple[type[ContextEncoder], ...] = (LSTMEncoder, GatedCNN)


def encoder_classes() -> dict[str, type[ContextEncoder]]:
    """The encoders by the names of their kinds."""
    return {encoder.settings.model_fields["kind"].default: encoder for encoder in ENCODERS}


def build_encoder(config: EncoderConfig) -> ContextEncoder:
    """One direction with new weights."""
    return encoder_classes()[config.kind](config)
