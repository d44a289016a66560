"""The shape of a biLM: frozen settings, published sizes (Peters et al. 2018; allennlp.org/elmo)."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from elmo.errors import ConfigError
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.model.encoders.settings import EncoderConfig, Size
from elmo.text.words.alphabet import table_size
from elmo.text.words.characters import N_CHARACTERS
from elmo.text.words.lexicon import Lexicon, count_input_words
from elmo.text.words.vocabulary import SPECIALS

Activation = Literal["relu", "tanh"]
Filter = tuple[Size, Size]

PUBLISHED_FILTERS: tuple[Filter, ...] = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))


class CharCNNConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """The token layer: characters -> convolutions -> highway -> projection (Kim et al. 2016; Peters et al. 2018, 3.4)."""

    alphabet_size: Size | None = None  # number of characters with their own ids; None: UTF-8 bytes
    embedding_size: Size = 16  # E, size of a character embedding
    filters: tuple[Filter, ...] = Field(
        PUBLISHED_FILTERS, min_length=1, max_length=100
    )  # (width in characters, number)
    activation: Activation = "relu"
    n_highway: int = Field(2, ge=0, le=100)
    max_characters: int = Field(50, ge=3, le=10_000)  # C, maximum characters per word, boundary marks included
    projected: bool = True  # False: no linear projection, the filters are the output (bilm-tf)

    @property
    def n_characters(self) -> int:
        """Ids of characters, padding and specials included."""
        return N_CHARACTERS if self.alphabet_size is None else table_size(self.alphabet_size)

    @property
    def pad_character(self) -> int:
        """The id that fills a word up to max_characters."""
        return self.n_characters - 1

    @property
    def n_filters(self) -> int:
        """F, filters of all widths together."""
        return sum(number for _, number in self.filters)

    @property
    def widest_filter(self) -> int:
        """The width of the widest filter, in characters."""
        return max(width for width, _ in self.filters)

    @model_validator(mode="after")
    def _filters_fit(self) -> "CharCNNConfig":
        if self.widest_filter > self.max_characters:
            raise ValueError(
                f"a filter of width {self.widest_filter} is wider than max_characters {self.max_characters}"
            )
        return self


class WordEmbeddingConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """A vector for each frequent word, beside its characters or instead of them (ELMoForManyLangs, Che et al. 2018)."""

    size: Size = 100  # of a word's vector
    n_words: Size = 30_000  # the most frequent words of the training text; plus <S>, </S> and <UNK>
    longest_word: Size | None = None  # maximum characters per word; longer words are cut off before the lookup
    fold_case: bool = False  # a word that has no vector is looked up in small letters

    @model_serializer(mode="wrap")
    def _without_what_is_not_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Older programs read the settings of a model whose words are looked up as they are."""
        settings: dict[str, Any] = handler(self)
        if not self.fold_case:
            del settings["fold_case"]
        return settings

    @property
    def n_rows(self) -> int:
        """Ids of words, padding and specials included."""
        return 1 + len(SPECIALS) + self.n_words


class BiLMConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """A bidirectional language model over characters, word vectors, or both.

    In files and recipes the settings of an LSTM are under `lstm`, as they were before there was another encoder: older versions
    can read these files, and the fingerprint of the settings has not changed. The settings of any other encoder are under
    `encoder`, with their `kind`. Both names are read for both.
    """

    char_cnn: CharCNNConfig | None = CharCNNConfig()  # None: words are not spelled
    word_embedding: WordEmbeddingConfig | None = None  # None: words are only spelled
    encoder: SerializeAsAny[EncoderConfig] = Field(LSTMConfig(), validation_alias=AliasChoices("encoder", "lstm"))

    @property
    def n_layers(self) -> int:
        """L, the token layer included."""
        return self.encoder.n_layers + 1

    @property
    def width(self) -> int:
        """D, the size of a layer's vector: both directions."""
        return 2 * self.projection_size

    @property
    def projection_size(self) -> int:
        """P, the size of a vector of one direction."""
        return self.encoder.projection_size

    @property
    def max_characters(self) -> int | None:
        """C, characters of a spelled word; None: words are not spelled."""
        return None if self.char_cnn is None else self.char_cnn.max_characters

    @property
    def alphabet_size(self) -> int | None:
        """Characters with ids of their own; None: no alphabet."""
        return None if self.char_cnn is None else self.char_cnn.alphabet_size

    @property
    def n_input_words(self) -> int | None:
        """Words with vectors of their own; None: no word vectors."""
        return None if self.word_embedding is None else self.word_embedding.n_words

    @property
    def longest_word(self) -> int | None:
        """The number of characters of a word that count; None: all that its row holds, and all when its id is looked up."""
        return None if self.word_embedding is None else self.word_embedding.longest_word

    @property
    def folds_case(self) -> bool:
        """Whether a word that has no vector is looked up in small letters."""
        return self.word_embedding is not None and self.word_embedding.fold_case

    def fitted_to(self, lexicon: Lexicon) -> "BiLMConfig":
        """These settings with the sizes of a lexicon, which may be smaller than the requested ones."""
        char_cnn, words = self.char_cnn, self.word_embedding
        if char_cnn is not None and lexicon.alphabet is not None:
            char_cnn = char_cnn.model_copy(update={"alphabet_size": len(lexicon.alphabet)})
        if words is not None and lexicon.input_words is not None:
            words = words.model_copy(update={"n_words": count_input_words(lexicon.input_words)})
        return self.model_copy(update={"char_cnn": char_cnn, "word_embedding": words})

    @field_validator("encoder", mode="plain")
    @classmethod
    def _of_its_kind(cls, value: object) -> EncoderConfig:
        if isinstance(value, EncoderConfig):
            return value
        if not isinstance(value, Mapping):
            raise ValueError("expected a table of settings with the name of the encoder under kind")
        return settings_of(value.get("kind", "lstm")).model_validate(value)

    @model_serializer(mode="wrap")
    def _lstm_under_its_old_key(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        settings: dict[str, Any] = handler(self)
        if isinstance(self.encoder, LSTMConfig):
            encoder = settings.pop("encoder")
            settings["lstm"] = {name: encoder[name] for name in _LSTM_KEYS}
        return settings

    @model_validator(mode="after")
    def _words_are_read(self) -> "BiLMConfig":
        if self.char_cnn is None and self.word_embedding is None:
            raise ValueError("neither char_cnn nor word_embedding: a model reads characters, word vectors, or both")
        return self

    @model_validator(mode="after")
    def _sizes_meet(self) -> "BiLMConfig":
        cnn = self.char_cnn
        if cnn is not None and not cnn.projected and cnn.n_filters != self.projection_size:
            raise ValueError(
                f"without a projection of the char CNN, its {cnn.n_filters} filters must be "
                f"projection_size {self.projection_size}"
            )
        return self


def settings_of(kind: object) -> type[EncoderConfig]:
    """The class of an encoder's settings, by the name of its kind.

    Raises:
        ValueError: there is no such kind.
    """
    if kind == "lstm":
        return LSTMConfig
    from elmo.model.encoders.kinds import encoder_classes  # loads torch, which whoever asks for an LSTM can do without

    classes = encoder_classes()
    if not isinstance(kind, str) or kind not in classes:
        raise ValueError(f"no encoder {kind!r}; there are {', '.join(classes)}")
    return classes[kind].settings


# In the order in which they were written before there was another encoder: a fingerprint is of these very bytes.
_LSTM_KEYS = (
    "n_layers",
    "cell_size",
    "projection_size",
    "cell_clip",
    "projection_clip",
    "forget_bias",
    "skip_connections",
    "projected",
)

_SIZES: dict[str, BiLMConfig] = {
    "tiny": BiLMConfig(
        char_cnn=CharCNNConfig(filters=PUBLISHED_FILTERS[:5], n_highway=1),
        encoder=LSTMConfig(cell_size=512, projection_size=128),
    ),
    "small": BiLMConfig(char_cnn=CharCNNConfig(n_highway=1), encoder=LSTMConfig(cell_size=1024, projection_size=128)),
    "medium": BiLMConfig(char_cnn=CharCNNConfig(n_highway=1), encoder=LSTMConfig(cell_size=2048, projection_size=256)),
    "original": BiLMConfig(),
}
SIZES = tuple(_SIZES)


def bilm_config(size: str) -> BiLMConfig:
    """The settings of a named size: `small`, `medium`, `original` as published, `tiny` for a CPU of two cores."""
    if not isinstance(size, str) or size not in _SIZES:
        raise ConfigError(f"no size {size!r}; there are {', '.join(SIZES)}")
    return _SIZES[size]
