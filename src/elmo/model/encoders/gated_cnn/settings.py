"""The settings of the gated convolutional encoder."""

from typing import ClassVar, Literal

from pydantic import Field

from elmo.model.encoders.settings import EncoderConfig, Size


class GatedCNNConfig(EncoderConfig, frozen=True, extra="forbid"):
    """One direction of a gated CNN biLM (Dauphin et al. 2017; Peters et al. 2018b, section 3.3).

    The defaults have as many weights as the LSTM of size tiny. A token sees `n_layers * (kernel_width - 1)` tokens before it.
    """

    has_state: ClassVar[bool] = False
    has_recurrent_weights: ClassVar[bool] = False

    kind: Literal["gated_cnn"] = "gated_cnn"
    n_layers: int = Field(4, gt=0, le=100)
    channels: Size = 256  # values and as many gates, inside a layer
    kernel_width: int = Field(4, gt=0, le=1000)  # tokens that a layer looks at: the token itself and those before it
    projection_size: Size = 128  # P, what a layer hands on
