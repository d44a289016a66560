"""`Elmo`: sentences -> contextual vectors, the class that most users call (Peters et al. 2018, section 3)."""

from collections.abc import Iterable
from contextlib import nullcontext
from copy import copy, deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from elmo.checkpoints.formats.known import file_patterns, marker_files
from elmo.checkpoints.formats.native import StorageType, save_native
from elmo.checkpoints.hub import push_folder
from elmo.checkpoints.load import DEFAULT_MODEL, load_model
from elmo.checkpoints.saved_model import SavedModel, warn_of_other_tokenizer
from elmo.embed.batch import Vectors, finish, prepare
from elmo.embed.carried_state import go_on
from elmo.embed.engine import Engine
from elmo.embed.forked_process import claim_threads
from elmo.embed.language_model.fill import fill_masked, read_masked
from elmo.embed.language_model.scores import SentenceScore, scores_of_each
from elmo.embed.layers import Choice, Layers, Pooling, choose_layers, pool_tokens
from elmo.embed.session import Session
from elmo.embed.spans import Bounds, Span, words_and_bounds
from elmo.embed.token_cache import CACHE_BYTES
from elmo.errors import ConfigError
from elmo.model.bilm import BiLM
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import known_precision, knows_int8
from elmo.storage.atomic import refuse_existing
from elmo.text.batches import length_batches
from elmo.text.sentence_inputs import Sentence, checked_sentences, words_of
from elmo.text.tokens import Token

StateName = Literal["zero", "carry", "warm"]

# dtype -> of the parameters, of the matrix products (None: the same)
_DTYPES: dict[str, tuple[torch.dtype, torch.dtype | None]] = {
    "float32": (torch.float32, None),
    "bfloat16": (torch.float32, torch.bfloat16),
    "int8": (torch.float32, torch.int8),
    "float64": (torch.float64, None),
}


class Elmo:
    """A bidirectional language model that embeds sentences.

    Vectors do not depend on batch, order or neighbours: every sentence starts from the same state, unless
    `state="carry"` asks for the memory of the call before. Any number of threads may call one `Elmo`. Their calls with
    `state="carry"` share its memory, so they run one after the other, each from where the one before ended; a caller that wants
    a memory of its own takes a `session()`. Weights may be changed between calls, not during one.

    Attributes:
        model: the model with its config, vocabulary and softmax, as loaded.
        bilm: the module itself: char_ids, mask, state -> layers, state.
        n_layers: L, the token layer included. width: D, the size of a vector.
        dtype: of the matrix products: as asked, or "float32" where the processor has no bfloat16.
    """

    def __init__(
        self, model: SavedModel, dtype: str = "float32", device: str = "cpu", cache_bytes: int = CACHE_BYTES
    ) -> None:
        if dtype not in _DTYPES:
            raise ConfigError(f"dtype {dtype!r}; there are {', '.join(_DTYPES)}")
        try:
            where = torch.empty(0, device=device).device
        except (RuntimeError, AssertionError) as error:
            raise ConfigError(
                f"device {device!r}: {str(error).splitlines()[0]}; choose cpu, or cuda if there is a GPU"
            ) from error
        self.model = model
        held, precision = _DTYPES[dtype]
        if precision == torch.int8 and not knows_int8(where):
            raise ConfigError(f"dtype 'int8' is not available on {device}; use float32 or bfloat16")
        own = (
            model.bilm if (held, where.type) == (torch.float32, "cpu") else deepcopy(model.bilm)
        )  # the caller keeps theirs
        self.bilm: BiLM = own.to(device=where, dtype=held).eval()
        self.n_layers: int = model.config.bilm.n_layers
        self.width: int = model.config.bilm.width
        self._session = Session(model)
        self._source: str | None = None  # what it was loaded from
        precision = known_precision(precision, where)
        self.dtype: str = next(name for name, pair in _DTYPES.items() if pair == (held, precision))
        self._engine = Engine(self.bilm, model.word_encoder, precision, cache_bytes)

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path = DEFAULT_MODEL,
        *,
        weights: str | Path | None = None,
        vocabulary: str | Path | None = None,
        dtype: str = "float32",
        device: str = "cpu",
        cache_bytes: int = CACHE_BYTES,
    ) -> "Elmo":
        """Load a model of any published format.

        Args:
            source: a folder or an archive (zip, tar.gz) of a model: ours, `options.json` with `weights.hdf5` (bilm-tf,
                AllenNLP, NLPL, SeqVec), a training directory of bilm-tf, or ELMoForManyLangs; a file of options; an id of the
                Hugging Face hub (`owner/name`); or the name of a bundled model, the English one if not given.
            weights: the file of weights, if `source` is a file of options and they do not lie beside it.
            vocabulary: the vocabulary file of a model whose folder has none (TensorFlow checkpoints).
            dtype: "float32"; "bfloat16" or "int8": of the matrix products, faster and less exact; "float64" for reference
                values. Vectors come out as float32 in each case.
            device: of torch, "cpu" or "cuda".
            cache_bytes: of the token layer of frequent words, which is kept from call to call; changes speed, not vectors.
        Raises:
            CheckpointError: there is no such model, or its files are broken. ConfigError: no such dtype or device.
        """
        claim_threads()
        model = load_model(source, weights, vocabulary)
        warn_of_other_tokenizer(model.config, str(source))
        elmo = cls(model, dtype, device, cache_bytes)
        elmo._source = str(source)
        return elmo

    def __repr__(self) -> str:
        source = "" if self._source is None else f"{self._source!r}: "
        return f"Elmo({source}{self.model.summary()}, {self.dtype} on {next(self.bilm.parameters()).device})"

    def save_pretrained(self, folder: str | Path, *, storage: StorageType = "float32", force: bool = False) -> None:
        """Write the model as a native model folder, whole or not at all.

        Raises:
            OutputError: the folder exists and `force` is not given, or it holds other things than a model.
        """
        refuse_existing(Path(folder), force, known_by=marker_files(), holds=file_patterns())
        save_native(self.model, Path(folder), storage)

    def push_to_hub(
        self,
        repository: str,
        *,
        private: bool = False,
        token: str | None = None,
        commit_message: str = "Upload an ELMo model",
        storage: StorageType = "float32",
    ) -> str:
        """Upload the model to the Hugging Face hub (extra `hub`) as a native model folder; returns the URL of the commit.

        Args:
            repository: `owner/name`, made if it does not exist. token: None: that of `hf auth login`.
        Raises:
            OutputError: it could not be uploaded.
        """
        with TemporaryDirectory() as room:
            folder = Path(room) / "model"
            save_native(self.model, folder, storage)
            return push_folder(folder, repository, private=private, token=token, message=commit_message)

    def tokenize(self, text: str) -> list[Token]:
        """Split a text into tokens with character offsets: text[token.start:token.end] == token.text.

        The version of the tokenizer is the one that the text of this model was split with.
        """
        return self.model.tokenizer.tokenize(text)

    def session(self) -> "Elmo":
        """This model with its own memory for `state="carry"` and its own warnings, for another caller.

        Weights and the cache of words are shared, so a session costs next to nothing.
        """
        other = copy(self)
        other._session = Session(self.model)
        return other

    def reset(self) -> None:
        """Reset the state of `state="carry"` to zero."""
        with self._session.carrying:
            self._session.carried = None

    @torch.inference_mode(False)  # what is kept from call to call must be of use outside of a caller's inference mode
    @torch.no_grad()
    def embed(
        self,
        sentences: Iterable[Sentence],
        layers: Layers = "mean",
        pooling: Pooling = None,
        state: StateName = "zero",
        batch_size: int = 256,
    ) -> list[Vectors]:
        """Embed sentences.

        Args:
            sentences: strings, each taken as one sentence and tokenized, or lists of tokens, taken as they are.
            layers: "mean" (plain average), "sum", "all", "top", the index of a layer (0 = token layer, negative from the top),
                or one weight a layer (used as they are: the weighted sum).
            pooling: None, or "mean" or "max" over the tokens: one vector a sentence (zeros for an empty one).
            state: the LSTM state before a sentence: "zero"; "carry": sentence k of this call continues where
                sentence k of the previous call ended; "warm": the settled start state saved with the model.
            batch_size: sentences computed together at most; changes speed and memory, not the vectors.
        Returns:
            for each sentence, in order, float32 (tokens, D), or (L, tokens, D) with "all", where the token layer is
            twice side by side to fill D; pooled: (D,) or (L, D).
        Raises:
            TextError: not a list of sentences. ConfigError: no such layer, pooling or state.
        """
        tokenizer = self.model.tokenizer
        words = [words_of(sentence, number, tokenizer) for number, sentence in enumerate(checked_sentences(sentences))]
        choose, pool = choose_layers(layers, self.n_layers), pool_tokens(pooling)
        session, engine = self._session, self._engine
        with session.carrying if state == "carry" else nullcontext():
            start = self._start_state(state, len(words))
            session.watch.look(words)
            encoder = engine.encoder()
            results: list[Vectors] = [np.zeros(0, np.float32)] * len(words)
            for rows in length_batches([len(w) for w in words], batch_size, engine.max_positions):
                batch = prepare([words[row] for row in rows], engine.word_encoder.boundaries)
                every, after = encoder.run(batch, None if start is None else start.rows(rows))  # (L, tokens, D)
                if state == "carry" and start is not None:
                    start.put(rows, after)
                for row, vectors in zip(rows, finish(batch, every, choose, pool), strict=True):
                    results[row] = vectors
            if state == "carry":
                session.carried = start
        return results

    def embed_spans(
        self,
        sentences: Iterable[Sentence],
        spans: Iterable[Iterable[Span]],
        layers: Layers = "mean",
        pooling: Literal["mean", "max"] = "mean",
        state: StateName = "zero",
        batch_size: int = 256,
    ) -> list[Vectors]:
        """Embed sentences, and give one vector for each span of them: a mention, a phrase, a word of several tokens.

        Args:
            sentences, layers, state, batch_size: see `embed`.
            spans: for each sentence its spans (start, end), end exclusive: characters of a string, tokens of a list of tokens.
                A token belongs to a span of characters that touches it.
            pooling: "mean" or "max" over the tokens of the span.
        Returns:
            for each sentence float32 (spans, D), or (spans, L, D) with layers="all".
        Raises:
            TextError: not one list of spans a sentence, or a span without a token. ConfigError: no such layer, pooling or state.
        """
        if pooling is None:
            raise ConfigError('pooling=None: a span has one vector; choose "mean" or "max"')
        pool = pool_tokens(pooling)
        words, bounds = words_and_bounds(checked_sentences(sentences), spans, self.model.tokenizer)
        every = self.embed(words, layers, None, state, batch_size)
        return [_pooled(torch.from_numpy(x), some, pool) for x, some in zip(every, bounds, strict=True)]

    def score(self, sentences: Iterable[Sentence]) -> list[SentenceScore]:
        """The surprisal of each token, from the left and from the right, in bits; in float32 on the CPU, whatever `dtype`.

        Args:
            sentences: see `embed`.
        Raises:
            TextError: not a list of sentences. CheckpointError: the model has no softmax.
        """
        given = enumerate(checked_sentences(sentences))
        words = [words_of(sentence, number, self.model.tokenizer) for number, sentence in given]
        return list(scores_of_each(self.model, words))

    def fill(self, sentence: Sentence, k: int = 10) -> list[tuple[str, float]]:
        """The k likeliest words at a masked position, with their probabilities by both directions (`language_model/fill.py`).

        Args:
            sentence: a string or a list of tokens, with one word in brackets: `[MASK]`, or a word to find substitutes for.
        Raises:
            TextError: not one word in brackets. CheckpointError: the model has no softmax. ConfigError: k is not positive.
        """
        if k < 1:
            raise ConfigError(f"k={k}: give at least 1")
        return fill_masked(self.model, read_masked(sentence, self.model.tokenizer), k)

    def _start_state(self, name: StateName, n_rows: int) -> BiLMState | None:
        """The state of all rows of a call; None: zero, which is made batch by batch."""
        if name == "zero":
            return None
        encoder = self.bilm.config.encoder
        if name in ("carry", "warm") and not encoder.has_state:
            raise ConfigError(
                f'state="{name}": the encoder of this model ({encoder.kind}) has no state; use state="zero"'
            )
        like = next(self.bilm.parameters()).detach()
        if name == "warm":
            if self.model.warm is None:
                raise ConfigError(
                    'state="warm": this model was saved without a settled start state; use "zero" or "carry"'
                )
            return self.model.warm.map(lambda t: t.to(like).expand(-1, n_rows, -1))
        if name != "carry":
            raise ConfigError(f'state={name!r}; there are "zero", "carry" and "warm"')
        return go_on(self._session.carried, self.bilm.start_state(n_rows))


def _pooled(vectors: Tensor, spans: Bounds, pool: Choice) -> Vectors:
    """Vectors of the tokens (..., T, D) -> of the spans (spans, ..., D)."""
    if not spans:
        return np.zeros((0, *vectors.shape[:-2], vectors.shape[-1]), np.float32)
    return torch.stack([pool(vectors[..., start:end, :]) for start, end in spans]).numpy()
