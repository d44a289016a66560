"""The recipe of a pretraining run: frozen settings, each default in this file and nowhere else."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    FiniteFloat,
    NonNegativeInt,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from elmo.model.config import BiLMConfig, bilm_config
from elmo.model.dropout import DropoutConfig, Probability

Positive = Annotated[FiniteFloat, Field(gt=0)]


class OptimizerConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """How the weights move. The paper: Adagrad, 0.2, constant."""

    name: Literal["adagrad", "adam", "adamw", "sgd"] = "adam"
    learning_rate: Positive = 0.002
    schedule: Literal["linear", "cosine", "constant", "inverse_sqrt"] = "linear"  # after the warm-up
    warmup_steps: NonNegativeInt = 200  # steps from 0 to the full learning rate, in a straight line
    final_share: float = Field(0.05, ge=0, le=1)  # of the learning rate at the last step (linear, cosine)
    momentum: float = Field(0.0, ge=0, lt=1)  # sgd; rows of a sampled softmax move without it
    weight_decay: float = Field(0.0, ge=0)  # adamw, sgd; not of a sampled softmax
    clip_norm: Positive = 10.0  # of the gradient of (mean loss x window), as bilm-tf
    max_skipped_steps: PositiveInt = 20  # in a row with a loss that is not finite; then the run stops


class PretrainConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """A pretraining run, all but the corpus."""

    bilm: BiLMConfig = Field(default_factory=lambda: bilm_config("tiny"))
    vocabulary_size: PositiveInt = 30_000  # the most frequent words of the corpus; <S>, </S> and <UNK> come on top
    softmax: Literal["sampled", "full", "adaptive"] = "sampled"
    tied: bool = False  # rows of the softmax are the token layer of its words (Jozefowicz et al. 2016, "CNN softmax")
    n_negatives: PositiveInt = 1024  # of the sampled softmax; the full softmax is used if the vocabulary is no larger
    rows: PositiveInt = 64  # B, streams of text trained side by side, on all ranks together
    window: PositiveInt = 20  # T, steps of truncated BPTT
    accumulate: PositiveInt = 1  # parts in which a rank takes its rows: less memory, same result
    shuffle: Literal["sentences", "documents", "none"] = "sentences"  # anew each epoch
    state_reset: Literal["never", "windows", "sentences", "documents"] = "windows"  # see `train/loop.py`
    dropout: DropoutConfig = DropoutConfig(layer_inputs=0.1, output=0.1)  # a number: of these two places
    typing_errors: Probability = (
        0.0  # of places that read their word with a typing error; what is to be predicted has none
    )
    distillation: float = Field(
        0.0, ge=0, le=1
    )  # of the loss: how far from the start, see `train/objectives/distillation.py`
    precision: Literal["float32", "bfloat16"] = (
        "float32"  # of matrix products; a processor without AVX-512 takes float32
    )
    epochs: PositiveInt = 10
    optimizer: OptimizerConfig = OptimizerConfig()
    seed: int = Field(0, ge=0, lt=2**63)
    log_every: PositiveInt = 50  # steps
    evaluate_every: PositiveInt = 1000  # steps
    evaluate_sentences: PositiveInt = 1000  # held-out sentences read while training; the last evaluation reads all
    checkpoint_minutes: Positive = 10.0
    keep_checkpoints: PositiveInt = 2  # the last; the one with the best held-out perplexity is kept beside them

    @field_validator("tied")
    @classmethod
    def _whole_vectors(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("softmax") == "adaptive":
            raise ValueError(
                "softmax=adaptive has smaller vectors for rare words, those of the token layer are all of one size; "
                "leave tied out, or take softmax=sampled or full"
            )
        return value

    @model_validator(mode="after")
    def _recurrent_weights_are_there(self) -> "PretrainConfig":
        encoder = self.bilm.encoder
        if self.dropout.recurrent > 0 and not encoder.has_recurrent_weights:
            raise ValueError(
                f"dropout.recurrent {self.dropout.recurrent}: {encoder.kind} has no recurrent weights; leave it out"
            )
        return self

    @field_validator("dropout", mode="before")
    @classmethod
    def _one_share(cls, value: Any) -> Any:
        """bilm-tf's dial: one share for the inputs of the LSTM layers and the top output."""
        if isinstance(value, (int, float, str)):
            return {"layer_inputs": value, "output": value}
        return value
