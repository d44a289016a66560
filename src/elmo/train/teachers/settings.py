"""The settings of a run that learns from a teacher; each default in this file and nowhere else."""

from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, field_validator

Layers = tuple[tuple[NonNegativeInt, ...], ...]


class TeacherConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What is learned from a teacher, beside the language model (`objectives/taught.py`)."""

    weight: FiniteFloat = Field(10.0, gt=0)  # of the distance from the teacher's layers
    language_model: float = Field(1.0, ge=0)  # weight of the loss of the language model; 0: no word is predicted
    similarity: float = Field(0.0, ge=0)  # weight of the similarity of sentences, each layer to the top layer
    # For each layer, token layer first, the layers of the teacher that it learns; None: layer 0 the first, all others spread.
    layers: Layers | None = None
    mix: float = Field(0.3, ge=0, lt=1)  # fraction of the rows that read text for the teacher only, if one is given

    # Size of the vectors that the student gains for the whole words among the teacher's pieces, beside their characters; 0: none.
    word_vectors: int = Field(0, ge=0, le=4096)
    # Sentences of the corpus by which the token layer is fitted, at the end, to the teacher's cosines of sentences; 0: it is not.
    sentence_cosines: int = Field(0, ge=0)
    # Gigabytes of the teacher's vectors that are kept on disk, as float16, so that they are computed once; 0: each time anew.
    keep_gb: float = Field(4.0, ge=0)

    @field_validator("layers")
    @classmethod
    def _each_learns_something(cls, value: Layers | None) -> Layers | None:
        if value is not None and not all(value):
            raise ValueError("a layer learns nothing; give each at least one layer of the teacher")
        return value
