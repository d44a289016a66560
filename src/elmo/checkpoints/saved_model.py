"""A model with all that belongs to it: what every format is read into and written from."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, PositiveInt

from elmo.model.bilm import BiLM, BiLMState
from elmo.model.config import BiLMConfig
from elmo.model.softmax import Softmax
from elmo.text.tokens import TOKENIZER_NAME, TOKENIZER_VERSION
from elmo.text.vocabulary import Vocabulary


class TokenizerFacts(BaseModel, frozen=True, extra="forbid"):
    """Which tokenizer cut the text that a model was trained on."""

    name: str
    version: str


THIS_TOKENIZER = TokenizerFacts(name=TOKENIZER_NAME, version=TOKENIZER_VERSION)
PRETOKENIZED = TokenizerFacts(name="none", version="0")


class ModelConfig(BaseModel, frozen=True, extra="forbid"):
    """The `config.json` of a model folder."""

    format: Literal["elmo"] = "elmo"
    format_version: Literal[1] = 1
    bilm: BiLMConfig
    n_words: PositiveInt | None = None  # V of the softmax; None: the folder holds no softmax
    warm_state: bool = False  # the folder holds a settled start state
    tokenizer: TokenizerFacts | None = None  # None: not known (imported weights)
    training: dict[str, Any] = Field(default_factory=dict)  # facts for the reader; nothing depends on them


@dataclass(frozen=True)
class SavedModel:
    """A biLM and what came with it."""

    config: ModelConfig
    bilm: BiLM
    softmax: Softmax | None = None
    vocabulary: Vocabulary | None = None
    warm: BiLMState | None = None  # of one row, (layers, 1, P) and (layers, 1, H)
    card: str | None = None  # README.md
