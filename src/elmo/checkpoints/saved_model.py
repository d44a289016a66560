"""A model with everything that belongs to it; every format is loaded into it and saved from it."""

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from torch import nn

from elmo.errors import CheckpointError, reason_of, setting_name
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.paging import release_mapped_pages
from elmo.model.output.adaptive_softmax import OutputLayer
from elmo.text.tokenizer import VERSION_1, VERSIONS, Tokenizer
from elmo.text.tokens import TOKENIZER_NAME
from elmo.text.words.characters import BOUNDARIES, Boundaries
from elmo.text.words.lexicon import Lexicon, count_input_words
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_encoder import WordEncoder


class TokenizerFacts(BaseModel, frozen=True, extra="forbid"):
    """The tokenizer of the text that a model was trained on."""

    name: str
    version: str


def facts_of(tokenizer: Tokenizer) -> TokenizerFacts:
    """What a model keeps of the tokenizer of its text."""
    return TokenizerFacts(name=TOKENIZER_NAME, version=str(tokenizer.version))


_KNOWN_TOKENIZERS = {facts_of(tokenizer): tokenizer for tokenizer in VERSIONS.values()}
_ALL_WEIGHTS = "sha256:"  # how a fingerprint of all weights begins
PRETOKENIZED = TokenizerFacts(name="none", version="0")


class ModelConfig(BaseModel, frozen=True, extra="forbid"):
    """The `config.json` of a model folder."""

    format: Literal["elmo"] = "elmo"
    format_version: Literal[1] = 1
    bilm: BiLMConfig
    n_words: Annotated[int, Field(gt=0, le=2**28)] | None = None  # V of the softmax; None: the folder holds no softmax
    # Where the vocabulary of an adaptive softmax is cut into its clusters; None: a softmax has a row for each word.
    adaptive_cutoffs: tuple[Annotated[int, Field(gt=0)], ...] | None = Field(None, min_length=1, max_length=16)
    warm_state: bool = False  # the folder holds a settled start state
    boundaries: Boundaries = BOUNDARIES  # the tokens around a sentence (ELMoForManyLangs: <bos>, <eos>)
    tokenizer: TokenizerFacts | None = None  # None: not known (imported weights)
    # Fraction of the letters of the training text that are of each script.
    scripts: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    training: dict[str, Any] = Field(default_factory=dict)  # facts for the reader; nothing depends on them

    @property
    def raw_text_tokenizer(self) -> Tokenizer:
        """What cuts raw text for this model: the version that its own text was cut by; the first where it is not known."""
        return VERSION_1 if self.tokenizer is None else _KNOWN_TOKENIZERS.get(self.tokenizer, VERSION_1)

    @field_validator("adaptive_cutoffs")
    @classmethod
    def _cut_within_the_vocabulary(cls, value: tuple[int, ...] | None, info: ValidationInfo) -> tuple[int, ...] | None:
        n_words = info.data.get("n_words") or 0
        if value is not None and [*value, n_words] != sorted({*value, n_words}):
            raise ValueError(f"cutoffs must increase and be below n_words, {n_words:,}")
        return value


@dataclass(frozen=True, repr=False)
class SavedModel:
    """A biLM and its other parts.

    Raises:
        CheckpointError: the lexicon has other sizes than the config.
    """

    config: ModelConfig
    bilm: BiLM
    softmax: OutputLayer | None = None
    vocabulary: Vocabulary | None = None
    warm: BiLMState | None = None  # of one row, (layers, 1, P) and (layers, 1, H)
    card: str | None = None  # README.md
    lexicon: Lexicon = field(default_factory=Lexicon)  # alphabet and input words

    def __post_init__(self) -> None:
        check_lexicon(self.lexicon, self.config.bilm, "lexicon of a model")

    def summary(self) -> str:
        """Its layers, vectors and words, in one line."""
        config = self.config.bilm
        kind = {"lstm": "LSTM", "gated_cnn": "gated CNN"}.get(config.encoder.kind, config.encoder.kind)
        words = "no vocabulary" if self.vocabulary is None else f"{len(self.vocabulary):,} words"
        return f"{config.encoder.n_layers} {kind} layers, vectors of {config.width:,} numbers, {words}"

    def __repr__(self) -> str:
        return f"SavedModel({self.summary()})"

    @property
    def tokenizer(self) -> Tokenizer:
        """What cuts raw text for this model."""
        return self.config.raw_text_tokenizer

    @property
    def word_encoder(self) -> WordEncoder:
        """Words -> what `bilm` reads."""
        config = self.config.bilm
        return WordEncoder(
            config.max_characters, self.lexicon, self.config.boundaries, config.longest_word, config.folds_case
        )


def check_lexicon(lexicon: Lexicon, config: BiLMConfig, where: str) -> None:
    """Compare a lexicon with the sizes of a config.

    Raises:
        CheckpointError: they differ; both values are named.
    """
    alphabet, words = lexicon
    for name, found, expected in (
        ("characters", None if alphabet is None else len(alphabet), config.alphabet_size),
        ("input words", None if words is None else count_input_words(words), config.n_input_words),
    ):
        if found != expected:
            raise CheckpointError(
                f"{where}: {found or 'no'} {name}, the config makes it {expected or 'none'}; "
                "give the files that came with these weights"
            )


@contextmanager
def translated_settings(path: Path, what: str, names: Mapping[str, str]) -> Iterator[None]:
    """A context in which another program's settings are translated into ours; errors use that program's names.

    Args:
        path: of the settings. what: they should be, for the message.
        names: our name of a setting -> theirs; a setting without one is reported by ours.
    Raises:
        CheckpointError: a setting is missing, or cannot work; all that cannot in one message.
    """
    try:
        yield
    except KeyError as error:
        raise CheckpointError(f"{path}: contains no {error}; expected {what}") from None
    except ValidationError as error:
        faults = []
        for fault in error.errors():
            setting = setting_name(fault["loc"])
            faults.append(f"{names.get(setting, setting)} is {fault['input']!r:.80}: {fault['msg']}")
        raise CheckpointError(f"{path}: {'; '.join(faults)}") from error
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: {reason_of(error)}") from error


def warn_of_other_tokenizer(config: ModelConfig, source: str) -> None:
    """Warn, at the caller's caller, if no version here splits raw text as it was split when the model was trained."""
    trained_with = config.tokenizer
    if trained_with is None or trained_with == PRETOKENIZED or trained_with in _KNOWN_TOKENIZERS:
        return
    this = facts_of(config.raw_text_tokenizer)
    warnings.warn(
        f"{source}: trained on text of tokenizer {trained_with.name} {trained_with.version}, this is "
        f"{this.name} {this.version}; give tokenized sentences for the same vectors as then",
        stacklevel=3,
    )


def fingerprint(model: SavedModel, like: str | None = None) -> str:
    """A checksum of everything that the vectors of a model depend on.

    It is stored with everything made by the model: vectors, indexes, layers, tasks.

    Args:
        like: one that was kept, to compare with. Until November 2026 it was a hash of the beginning of each weight; if `like` is
            such a one, so is the result.
    """
    if like is not None and not like.startswith(_ALL_WEIGHTS):
        return _hash_of_beginnings(model)
    config = model.config
    alphabet, words = model.lexicon
    facts = [
        config.bilm.model_dump_json(),
        tuple(config.boundaries),
        None if alphabet is None else alphabet.characters,
        None if words is None else list(words.words),
    ]
    found = hashlib.sha256(json.dumps(facts).encode())
    warm = {} if model.warm is None else model.warm.named_tensors()
    for name, values in (*model.bilm.named_parameters(), *warm.items()):
        found.update(f"{name} {tuple(values.shape)} ".encode())
        found.update(values.detach().contiguous().cpu().numpy().data)
        if isinstance(values, nn.Parameter):
            release_mapped_pages(values)
    return _ALL_WEIGHTS + found.hexdigest()[:32]


def _hash_of_beginnings(model: SavedModel) -> str:
    found = hashlib.sha256(model.config.bilm.model_dump_json().encode())
    for name, p in model.bilm.named_parameters():
        found.update(name.encode())
        found.update(p.detach().flatten()[:1024].cpu().numpy().tobytes())
    return found.hexdigest()[:32]
