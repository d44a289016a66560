"""The common base of the settings of all context encoders. Independent of torch."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, Field, FiniteFloat

Size = Annotated[int, Field(gt=0, le=2**20)]  # far above any model, far below what breaks arithmetic
Clip = Annotated[FiniteFloat, Field(gt=0)]


class EncoderConfig(BaseModel, frozen=True, extra="forbid"):
    """The settings of one direction; each kind of encoder has a class of its own, distinguished by `kind`.

    A subclass names its kind (`kind: Literal["lstm"] = "lstm"`) and has defaults for all that it needs.
    """

    has_state: ClassVar[bool] = True  # a text may be read in pieces, the state handed on; else a sentence is read whole
    has_recurrent_weights: ClassVar[bool] = True  # whether `dropout.recurrent` has something to drop

    kind: str
    n_layers: int = Field(gt=0, le=100)
    projection_size: Size  # P, what a layer hands on
