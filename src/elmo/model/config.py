"""The shape of a biLM: frozen settings, published sizes (Peters et al. 2018; allennlp.org/elmo)."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, FiniteFloat, model_validator

from elmo.errors import ConfigError

Activation = Literal["relu", "tanh"]
Size = Annotated[int, Field(gt=0, le=2**20)]  # far above any model, far below what breaks arithmetic
Filter = tuple[Size, Size]
Clip = Annotated[FiniteFloat, Field(gt=0)]

PUBLISHED_FILTERS: tuple[Filter, ...] = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))


class CharCNNConfig(BaseModel, frozen=True, extra="forbid"):
    """The token layer: characters -> convolutions -> highway -> projection (Kim et al. 2016; Peters et al. 2018, 3.4)."""

    embedding_size: Size = 16  # E, of one character
    filters: tuple[Filter, ...] = Field(
        PUBLISHED_FILTERS, min_length=1, max_length=100
    )  # (width in characters, number)
    activation: Activation = "relu"
    n_highway: int = Field(2, ge=0, le=100)
    max_characters: int = Field(50, ge=3, le=10_000)  # C, marks of beginning and end included
    projected: bool = True  # False: no linear projection, the filters are the vector (bilm-tf)

    @property
    def n_filters(self) -> int:
        """F, filters of all widths together."""
        return sum(number for _, number in self.filters)

    @property
    def widest_filter(self) -> int:
        """Characters that the widest filter sees."""
        return max(width for width, _ in self.filters)

    @model_validator(mode="after")
    def _filters_fit(self) -> "CharCNNConfig":
        if self.widest_filter > self.max_characters:
            raise ValueError(
                f"a filter of width {self.widest_filter} is wider than max_characters {self.max_characters}"
            )
        return self


class LSTMConfig(BaseModel, frozen=True, extra="forbid"):
    """One direction of the biLM (Peters et al. 2018, section 3.4)."""

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


class BiLMConfig(BaseModel, frozen=True, extra="forbid"):
    """A bidirectional language model over characters."""

    char_cnn: CharCNNConfig = CharCNNConfig()
    lstm: LSTMConfig = LSTMConfig()

    @property
    def n_layers(self) -> int:
        """L, the token layer included."""
        return self.lstm.n_layers + 1

    @property
    def width(self) -> int:
        """D, the size of a layer's vector: both directions."""
        return 2 * self.lstm.projection_size

    @model_validator(mode="after")
    def _sizes_meet(self) -> "BiLMConfig":
        if not self.char_cnn.projected and self.char_cnn.n_filters != self.lstm.projection_size:
            raise ValueError(
                f"without a projection of the char CNN, its {self.char_cnn.n_filters} filters must be "
                f"projection_size {self.lstm.projection_size}"
            )
        return self


_SIZES: dict[str, BiLMConfig] = {
    "tiny": BiLMConfig(
        char_cnn=CharCNNConfig(filters=PUBLISHED_FILTERS[:5], n_highway=1),
        lstm=LSTMConfig(cell_size=512, projection_size=128),
    ),
    "small": BiLMConfig(char_cnn=CharCNNConfig(n_highway=1), lstm=LSTMConfig(cell_size=1024, projection_size=128)),
    "medium": BiLMConfig(char_cnn=CharCNNConfig(n_highway=1), lstm=LSTMConfig(cell_size=2048, projection_size=256)),
    "original": BiLMConfig(),
}
SIZES = tuple(_SIZES)


def bilm_config(size: str) -> BiLMConfig:
    """The settings of a named size: `small`, `medium`, `original` as published, `tiny` for a CPU of two cores."""
    if not isinstance(size, str) or size not in _SIZES:
        raise ConfigError(f"no size {size!r}; there are {', '.join(SIZES)}")
    return _SIZES[size]
