"""The settings that all kinds of tasks share: frozen, each default in this file and nowhere else."""

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, model_validator

from elmo.model.dropout import DropoutConfig
from elmo.train.config import OptimizerConfig

Probability = Annotated[float, Field(ge=0, lt=1)]


class ElmoConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """How the layers of the biLM enter (Peters et al. 2018, sections 3.2 and 3.3)."""

    layer_norm: bool = False  # of each layer before the mix
    mix_l2: float = Field(0.001, ge=0)  # lambda times the squared weights of the mix, beside the loss
    dropout: Probability = 0.3  # of the mixed vectors; that of what enters the LSTM comes on top
    at_output: bool = False  # a second mix beside the output of the LSTM
    fine_tune: bool = False  # the biLM learns with the task, see `tuned_bilm.py`; the next four are of this
    discriminative: float = Field(2.6, ge=1)  # how many times lower the learning rate of each next lower layer is
    unfreeze: NonNegativeInt = (
        1  # epochs before the next lower layer joins; the task's own weights begin; 0: all at once
    )
    bilm_dropout: DropoutConfig = DropoutConfig(layer_inputs=0.1)  # within the biLM
    precision: Literal["float32", "bfloat16"] = "float32"  # of the biLM's matrix products while it learns


class InputConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What a token is to the task beside its ELMo vector: learned from the task's own text, with ELMo and without."""

    word_size: PositiveInt = 100  # of a word's vector
    min_count: PositiveInt = 2  # a rarer word of the training text is unknown
    character_size: PositiveInt = 64  # of the vector that the characters of a word give
    max_characters: int = Field(30, ge=6, le=200)  # bytes of a word that count, marks of its ends included
    vectors: str | None = None  # file of static vectors (word2vec, GloVe) that stand beside the others
    vectors_kept: NonNegativeInt = 50_000  # of its first words, beside those of the training file
    tune_vectors: bool = False  # they learn with the task; else they stay as they are


class TaskConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """What every kind of task can be told, all but its files; `kinds/<kind>/settings.py` adds those of a kind."""

    task: str  # the name of its kind
    model: str | None = "en"  # folder or name; None: the baseline without ELMo
    label: str | None = None  # the name of the label in the files; None: `label` or `labels`
    elmo: ElmoConfig = ElmoConfig()
    inputs: InputConfig = InputConfig()
    cell_size: PositiveInt = 200  # H, of each direction of the LSTM
    n_layers: PositiveInt = 1  # of the LSTM
    dropout: Probability = 0.5  # of what enters and leaves the LSTM
    batch_size: PositiveInt = 32  # examples
    epochs: PositiveInt = 14  # at most; the learning rate falls over so many
    patience: PositiveInt = 7  # epochs without a better score of the dev file; then training ends
    optimizer: OptimizerConfig = OptimizerConfig(
        learning_rate=0.002, schedule="linear", final_share=0.02, warmup_steps=100, clip_norm=5.0
    )
    fraction: float = Field(
        100, gt=0, le=100
    )  # percent of the training examples that are learned from, drawn by the seed
    seed: int = Field(0, ge=0, lt=2**31)

    @property
    def passes(self) -> int:
        """Over the examples in an epoch: the square root of 100 / `fraction`, since a hundredth of the steps teaches nothing."""
        return round(math.sqrt(100 / self.fraction))

    @property
    def may_abstain(self) -> bool:
        """Whether a text gets one label of its own, so that its prediction may be withheld (`scoring/abstention.py`)."""
        return False

    @model_validator(mode="after")
    def _has_a_bilm_to_tune(self) -> Self:
        if self.elmo.fine_tune and self.model is None:
            raise ValueError("elmo.fine_tune changes the biLM, and a baseline has none; leave one of the two out")
        return self
