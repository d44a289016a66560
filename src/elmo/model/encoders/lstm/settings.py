"""The settings of the LSTM encoder."""

from typing import Literal

from pydantic import Field, FiniteFloat, model_validator

from elmo.model.encoders.settings import Clip, EncoderConfig, Size


class LSTMConfig(EncoderConfig, frozen=True, extra="forbid", allow_inf_nan=False):
    """One direction of the biLM (Peters et al. 2018, section 3.4)."""

    kind: Literal["lstm"] = "lstm"
    n_layers: int = Field(2, gt=0, le=100)
    cell_size: Size = 4096  # H, units inside the cell
    projection_size: Size = 512  # P, what a layer hands on
    cell_clip: Clip | None = 3.0
    projection_clip: Clip | None = 3.0
    forget_bias: FiniteFloat = 1.0  # added to the forget gate, not stored in the weights (TensorFlow's LSTMCell)
    skip_connections: bool = True  # every layer but the first adds its input to its output
    projected: bool = True  # False: the cell's output is handed on as it is, H = P (bilm-tf)

    @model_validator(mode="after")
    def _sizes_fit(self) -> "LSTMConfig":
        if not self.projected and self.cell_size != self.projection_size:
            raise ValueError(
                f"without a projection, projection_size {self.projection_size} must be cell_size {self.cell_size}"
            )
        return self
