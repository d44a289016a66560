"""The recipe of a pretraining run: frozen settings, each default in this file and nowhere else."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    FiniteFloat,
    NonNegativeInt,
    PositiveInt,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from elmo.model.config import BiLMConfig, bilm_config
from elmo.model.dropout import DropoutConfig, Probability
from elmo.train.adaptation.settings import AdaptationConfig, rows_of_fraction
from elmo.train.teachers.settings import TeacherConfig

Positive = Annotated[FiniteFloat, Field(gt=0)]


class OptimizerConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """Optimizer and learning rate schedule. The paper: Adagrad, 0.2, constant."""

    name: Literal["adagrad", "adam", "adamw", "sgd"] = "adam"
    learning_rate: Positive = 0.002
    schedule: Literal["linear", "cosine", "constant", "inverse_sqrt"] = "linear"  # after the warm-up
    warmup_steps: NonNegativeInt = 200  # steps of linear warm-up from 0 to the full learning rate
    final_share: float = Field(0.05, ge=0, le=1)  # fraction of the learning rate left at the last step (linear, cosine)
    momentum: float = Field(0.0, ge=0, lt=1)  # sgd; not for rows of a sampled softmax
    weight_decay: float = Field(0.0, ge=0)  # adamw, sgd; not for a sampled softmax
    clip_norm: Positive = 10.0  # maximum norm of the gradient of (mean loss x window), as in bilm-tf
    max_skipped_steps: PositiveInt = (
        20  # consecutive steps with a non-finite loss or gradient after which the run stops
    )


class PretrainConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The settings of a pretraining run, except the corpus."""

    bilm: BiLMConfig = Field(default_factory=lambda: bilm_config("tiny"))
    vocabulary_size: PositiveInt = 30_000  # the most frequent words of the corpus; plus <S>, </S> and <UNK>
    tokenizer: int | None = Field(None, ge=1, le=2)  # version; None: that of the initial model, else the newest
    softmax: Literal["sampled", "full", "adaptive"] = "sampled"
    tied: bool = False  # the softmax weights are the token layer of its words (Jozefowicz et al. 2016, "CNN softmax")
    n_negatives: PositiveInt = 1024  # of the sampled softmax; a vocabulary of at most this size uses the full softmax
    rows: PositiveInt = 64  # B, parallel streams of text (the batch size), over all ranks
    window: PositiveInt = 20  # T, steps of truncated BPTT
    accumulate: PositiveInt = 1  # gradient accumulation: number of parts of the rows; less memory, same result
    shuffle: Literal["sentences", "documents", "none"] = "sentences"  # what is shuffled in each epoch
    state_reset: Literal["never", "windows", "sentences", "documents"] = "windows"  # see `train/loop.py`
    dropout: DropoutConfig = DropoutConfig(layer_inputs=0.1, output=0.1)  # a single number sets these two
    typing_errors: Probability = 0.0  # fraction of input words with a typing error; targets have none
    distillation: float = Field(
        0.0, ge=0, le=1
    )  # weight of the distillation loss, see `train/objectives/distillation.py`
    adaptation: AdaptationConfig | None = (
        None  # of a run that adapts a model, see `train/adaptation/`; None: of no other
    )
    teacher: TeacherConfig | None = None  # of a run of `elmo distil`
    precision: Literal["float32", "bfloat16"] = "float32"  # of matrix products; processors without AVX-512 use float32
    epochs: PositiveInt = 10
    optimizer: OptimizerConfig = OptimizerConfig()
    seed: int = Field(0, ge=0, lt=2**63)
    log_every: PositiveInt = 50  # steps
    evaluate_every: PositiveInt = 1000  # steps
    evaluate_sentences: PositiveInt = (
        1000  # held-out sentences per evaluation during training; the last evaluation reads all
    )
    checkpoint_minutes: Positive = 10.0
    keep_checkpoints: PositiveInt = (
        2  # number of latest checkpoints to keep, besides the one with the best held-out perplexity
    )

    @model_serializer(mode="wrap")
    def _without_what_is_not_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Older programs read the settings of a run that does not use newer ones."""
        settings: dict[str, Any] = handler(self)
        for name in ("tokenizer", "adaptation", "teacher"):
            if settings[name] is None:
                del settings[name]
        return settings

    @field_validator("tied")
    @classmethod
    def _whole_vectors(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("softmax") == "adaptive":
            raise ValueError(
                "softmax=adaptive uses smaller vectors for rare words, but the token layer has one size for all; "
                "leave out tied, or use softmax=sampled or full"
            )
        return value

    @model_validator(mode="after")
    def _learns_or_adapts(self) -> "PretrainConfig":
        if self.teacher is not None and (self.adaptation is not None or self.distillation):
            other = "adaptation" if self.adaptation is not None else "distillation"
            raise ValueError(f"a run with a teacher has no {other}; leave out one of the two")
        return self

    def mixed_rows(self) -> int:
        """The number of rows that read a second text: old text of an adaptation, or text for the teacher only.

        Raises:
            ConfigError: the fraction leaves one of the texts without a row.
        """
        mixing = self.adaptation or self.teacher
        return 0 if mixing is None else rows_of_fraction(mixing.mix, self.rows)

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
    def _single_number(cls, value: Any) -> Any:
        """As in bilm-tf, a single number is the dropout of the LSTM layer inputs and of the top output."""
        if isinstance(value, (int, float, str)):
            return {"layer_inputs": value, "output": value}
        return value
