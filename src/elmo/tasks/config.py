"""The settings shared by all kinds of tasks: frozen, each default in this file and nowhere else."""

import math
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    Field,
    NonNegativeInt,
    PositiveInt,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from elmo.model.dropout import DropoutConfig
from elmo.tasks.scope.settings import ScopeConfig
from elmo.text.tokenizer import VERSIONS, Tokenizer
from elmo.train.config import OptimizerConfig

MOST_UNITS = 2**14  # of a vector: more are no task of ours, and would fill the memory
Probability = Annotated[float, Field(ge=0, lt=1)]


class ElmoConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """How the task uses the layers of the biLM (Peters et al. 2018, sections 3.2 and 3.3)."""

    layer_norm: bool = False  # apply layer norm to each layer before the mix
    mix_l2: float = Field(0.001, ge=0)  # L2 penalty on the weights of the mix, added to the loss
    dropout: Probability = 0.3  # of the mixed vectors, in addition to the dropout of the LSTM input
    at_output: bool = False  # also concatenate a second mix with the output of the LSTM
    fine_tune: bool = False  # train the biLM with the task, see `tuned_bilm.py`; the next four settings belong to it
    discriminative: float = Field(2.6, ge=1)  # factor by which the learning rate is lower in each next lower layer
    unfreeze: NonNegativeInt = (
        1  # gradual unfreezing: epochs until the next lower layer is trained too; 0: train all at once
    )
    bilm_dropout: DropoutConfig = DropoutConfig(layer_inputs=0.1)  # within the biLM
    precision: Literal["float32", "bfloat16"] = "float32"  # of the biLM's matrix products in fine-tuning

    @property
    def reads_frozen_layers(self) -> bool:
        """Whether some epoch reads layers of the frozen biLM; not if all of it is fine-tuned from the first epoch on."""
        return not self.fine_tune or self.unfreeze > 0


class InputConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The inputs of a token besides its ELMo vector, trained with the task, with ELMo and without."""

    word_size: int = Field(100, ge=1, le=MOST_UNITS)  # size of a word vector
    min_count: PositiveInt = 2  # rarer words of the training text are unknown
    character_size: int = Field(64, ge=1, le=MOST_UNITS)  # size of the character-based vector of a word
    max_characters: int = Field(30, ge=6, le=200)  # maximum bytes per word, boundary marks included
    vectors: str | None = None  # file of static vectors (word2vec, GloVe), an additional input
    vectors_kept: NonNegativeInt = (
        50_000  # number of first words of the file to keep, besides the words of the training file
    )
    tune_vectors: bool = False  # train the static vectors with the task


class TaskConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The settings of every kind of task, except its files; `kinds/<kind>/settings.py` adds those of a kind."""

    unless_set: ClassVar[tuple[str, ...]] = ()  # settings of later versions, written only if they are not None

    task: str  # the name of its kind
    model: str | None = "en"  # folder or name; None: the baseline without ELMo
    label: str | None = None  # the name of the label in the files, or the number of its column; None: a known name
    tokenizer: int | None = Field(None, ge=1, le=2)  # version that cuts raw text; None: that of the model, else 1
    elmo: ElmoConfig = ElmoConfig()
    inputs: InputConfig = InputConfig()
    cell_size: int = Field(200, ge=1, le=MOST_UNITS)  # H, of each direction of the LSTM
    n_layers: int = Field(1, ge=1, le=16)  # of the LSTM
    dropout: Probability = 0.5  # of the input and output of the LSTM
    batch_size: PositiveInt = 32  # examples
    epochs: PositiveInt = 14  # maximum; the learning rate falls over this many epochs
    patience: PositiveInt = 7  # early stopping: epochs without improvement on the dev file, after the warm-up
    optimizer: OptimizerConfig = OptimizerConfig(
        learning_rate=0.002, schedule="linear", final_share=0.02, warmup_steps=100, clip_norm=5.0
    )
    fraction: float = Field(100, gt=0, le=100)  # percentage of the training examples to train on, drawn by the seed
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def raw_text_tokenizer(self) -> Tokenizer:
        """What cuts the raw texts of the task."""
        return VERSIONS[self.tokenizer or 1]

    @property
    def passes(self) -> int:
        """Passes over the examples per epoch: the square root of 100 / `fraction`, so that small fractions get enough steps."""
        return round(math.sqrt(100 / self.fraction))

    @property
    def may_abstain(self) -> bool:
        """Whether a text gets a single label, so that its prediction can be withheld (`scoring/abstention.py`)."""
        return False

    @property
    def own_scope(self) -> ScopeConfig | None:
        """How it is decided whether a text has one of the labels; None: it is not."""
        return None

    @model_serializer(mode="wrap")
    def _as_they_always_were(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The tokenizer is named from version 2 on, and later settings if they are set, so that other tasks stay the same."""
        settings: dict[str, Any] = handler(self)
        if self.tokenizer in (None, 1):
            settings.pop("tokenizer", None)
        return {name: value for name, value in settings.items() if value is not None or name not in self.unless_set}

    @model_validator(mode="after")
    def _has_a_bilm_to_tune(self) -> Self:
        if self.elmo.fine_tune and self.model is None:
            raise ValueError("elmo.fine_tune trains the biLM, but a baseline has none; leave one of the two out")
        return self
