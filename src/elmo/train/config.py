"""The recipe of a pretraining run: frozen settings, each default in this file and nowhere else."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, PositiveInt

from elmo.model.config import BiLMConfig, bilm_config

Positive = Annotated[FiniteFloat, Field(gt=0)]


class OptimizerConfig(BaseModel, frozen=True, extra="forbid"):
    """How the weights move. The paper: Adagrad, 0.2, constant."""

    name: Literal["adagrad", "adam"] = "adam"
    learning_rate: Positive = 0.002
    warmup_steps: NonNegativeInt = 200  # steps from 0 to the full learning rate
    final_share: float = Field(
        0.05, ge=0, le=1
    )  # of the learning rate at the last step; falls in a straight line; 1: constant
    clip_norm: Positive = 10.0  # of the gradient of (mean loss x window), as bilm-tf


class PretrainConfig(BaseModel, frozen=True, extra="forbid"):
    """A pretraining run, all but the corpus."""

    bilm: BiLMConfig = Field(default_factory=lambda: bilm_config("tiny"))
    vocabulary_size: PositiveInt = 30_000  # the most frequent words of the corpus; <S>, </S> and <UNK> come on top
    softmax: Literal["sampled", "full"] = "sampled"
    n_negatives: PositiveInt = 1024  # of the sampled softmax; the full softmax is used if the vocabulary is no larger
    rows: PositiveInt = 64  # B, streams of text trained side by side
    window: PositiveInt = 20  # T, steps of truncated BPTT
    dropout: float = Field(0.1, ge=0, lt=1)
    fresh_starts: bool = True  # a sentence that begins a window starts from state zero; False: state is always carried
    epochs: PositiveInt = 10
    optimizer: OptimizerConfig = OptimizerConfig()
    seed: int = Field(0, ge=0, lt=2**63)
    log_every: PositiveInt = 50  # steps
    evaluate_every: PositiveInt = 1000  # steps
    evaluate_sentences: PositiveInt = 1000  # held-out sentences read while training; the last evaluation reads all
    checkpoint_minutes: Positive = 10.0
    keep_checkpoints: PositiveInt = 2
