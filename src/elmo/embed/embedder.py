"""`Elmo`: sentences -> contextual vectors, the shell that most users touch (Peters et al. 2018, section 3)."""

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.hub import push_folder
from elmo.checkpoints.load import DEFAULT_MODEL, MODEL_FILES, MODEL_PATTERNS, load_model
from elmo.checkpoints.native import StorageType, save_native
from elmo.checkpoints.saved_model import SavedModel, warn_of_other_tokenizer
from elmo.embed.carried_state import go_on, map_state, put_rows, rows_of
from elmo.embed.foreign_text import TextWatch
from elmo.embed.layers import Layers, Pooling, choose_layers, pool_tokens
from elmo.errors import CheckpointError, ConfigError, TextError
from elmo.model.bilm import BiLM, BiLMState
from elmo.text.batches import Batch, encode_batch, length_batches
from elmo.text.files import refuse_existing
from elmo.text.tokens import Token, tokenize

Vectors = NDArray[np.float32]
Sentence = str | Iterable[str]
StateName = Literal["zero", "carry", "warm"]

MAX_PLACES = 4096  # rows x tokens of one padded batch at most
_DTYPES = {"float32": torch.float32, "float64": torch.float64}


class Elmo:
    """A bidirectional language model that embeds sentences.

    Vectors do not depend on batch, order or neighbours: every sentence starts from the same state, unless
    `state="carry"` asks for the memory of the call before.

    Attributes:
        model: the model with its config, vocabulary and softmax, as loaded.
        bilm: the module itself: char_ids, mask, state -> layers, state.
        n_layers: L, the token layer included. width: D, the size of a vector.
    """

    def __init__(self, model: SavedModel, dtype: str = "float32", device: str = "cpu") -> None:
        if dtype not in _DTYPES:
            raise ConfigError(f"dtype {dtype!r}; there are {', '.join(_DTYPES)}")
        try:
            where = torch.empty(0, device=device).device
        except (RuntimeError, AssertionError) as error:
            raise ConfigError(
                f"device {device!r}: {str(error).splitlines()[0]}; there is cpu, and cuda where a GPU is"
            ) from error
        self.model = model
        own = (
            model.bilm if (dtype, where.type) == ("float32", "cpu") else deepcopy(model.bilm)
        )  # the caller keeps theirs
        self.bilm: BiLM = own.to(device=where, dtype=_DTYPES[dtype]).eval()
        self.n_layers: int = model.config.bilm.n_layers
        self.width: int = model.config.bilm.width
        self._carried: BiLMState | None = None
        self._watch = TextWatch(model)

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path = DEFAULT_MODEL,
        *,
        weights: str | Path | None = None,
        vocabulary: str | Path | None = None,
        dtype: str = "float32",
        device: str = "cpu",
    ) -> "Elmo":
        """Load a model of any published format.

        Args:
            source: a folder or an archive (zip, tar.gz) of a model: ours, `options.json` with `weights.hdf5` (bilm-tf,
                AllenNLP, NLPL, SeqVec), a training directory of bilm-tf, or ELMoForManyLangs; a file of options; an id of the
                Hugging Face hub (`owner/name`); or the name of a bundled model, the English one if not given.
            weights: the file of weights, if `source` is a file of options and they do not lie beside it.
            vocabulary: the vocabulary file of a model whose folder has none (TensorFlow checkpoints).
            dtype: "float32", or "float64" for reference values; vectors come out as float32 in either case.
            device: of torch, "cpu" or "cuda".
        Raises:
            CheckpointError: there is no such model, or its files are broken. ConfigError: no such dtype or device.
        """
        model = load_model(source, weights, vocabulary)
        warn_of_other_tokenizer(model.config, str(source))
        return cls(model, dtype, device)

    def save_pretrained(self, folder: str | Path, *, storage: StorageType = "float32", force: bool = False) -> None:
        """Write the model as a folder of ours, whole or not at all.

        Raises:
            OutputError: the folder exists and `force` is not given, or it holds other things than a model.
        """
        refuse_existing(Path(folder), force, known_by=MODEL_FILES, holds=MODEL_PATTERNS)
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
        """Upload the model to the Hugging Face hub (extra `hub`), as a folder of ours: the address of the commit.

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
        """Cut a text into tokens with character offsets: text[token.start:token.end] == token.text."""
        return tokenize(text)

    def reset(self) -> None:
        """Forget what `state="carry"` remembers."""
        self._carried = None

    @torch.no_grad()
    def embed(
        self,
        sentences: Iterable[Sentence],
        layers: Layers = "mean",
        pooling: Pooling = None,
        state: StateName = "zero",
        batch_size: int = 64,
    ) -> list[Vectors]:
        """Embed sentences.

        Args:
            sentences: strings, each taken as one sentence and tokenized, or lists of tokens, taken as they are.
            layers: "mean" (plain average), "sum", "all", "top", the index of a layer (0 = token layer, negative from the top),
                or one weight a layer (used as they are: the weighted sum).
            pooling: None, or "mean" or "max" over the tokens: one vector a sentence (zeros for an empty one).
            state: what the LSTMs remember before a sentence: "zero"; "carry": sentence k of this call goes on where
                sentence k of the previous call ended; "warm": the settled start state saved with the model.
            batch_size: sentences computed together at most; changes speed and memory, not the vectors.
        Returns:
            for each sentence, in order, float32 (tokens, D), or (L, tokens, D) with "all", where the token layer stands
            twice side by side to fill D; pooled: (D,) or (L, D).
        Raises:
            TextError: not a list of sentences. ConfigError: no such layer, pooling or state.
        """
        words = [_words(sentence, number) for number, sentence in enumerate(_checked(sentences))]
        choose = choose_layers(layers, self.n_layers)
        pool = pool_tokens(pooling)
        start = self._start_state(state, len(words))
        self._watch.look(words)
        results: list[Vectors] = [np.zeros(0, np.float32)] * len(words)
        for rows in length_batches([len(w) for w in words], batch_size, MAX_PLACES):
            batch = encode_batch(words, rows, self.model.speller)
            before = None if start is None else rows_of(start, rows)
            chosen, after = self._run(batch, before)
            if state == "carry" and start is not None:
                put_rows(start, rows, after)
            for place, row in enumerate(rows):
                own = choose(chosen[place, :, 1 : len(words[row]) + 1])  # boundaries fall away
                results[row] = pool(own).to(torch.float32).cpu().numpy()
        if state == "carry":
            self._carried = start
        return results

    def _run(self, batch: Batch, state: BiLMState | None) -> tuple[Tensor, BiLMState]:
        device = next(self.bilm.parameters()).device
        vectors = self.bilm.token_layer(torch.from_numpy(batch.char_ids).to(device))  # (words, P)
        tokens = vectors[torch.from_numpy(batch.word_at).to(device)]  # (B, T, P)
        layers, after = self.bilm.contextualise(tokens, torch.from_numpy(batch.mask).to(device), state)
        if not bool(torch.isfinite(layers).all()):
            raise CheckpointError("the model gives vectors that are not finite; its weights are broken, load them anew")
        return layers, after

    def _start_state(self, name: StateName, n_rows: int) -> BiLMState | None:
        if name == "zero":
            return None
        if name == "warm":
            if self.model.warm is None:
                raise ConfigError(
                    'state="warm": this model was saved without a settled start state; use "zero" or "carry"'
                )
            like = next(self.bilm.parameters())
            return map_state(lambda t: t.to(like).expand(-1, n_rows, -1), self.model.warm)
        if name != "carry":
            raise ConfigError(f'state={name!r}; there are "zero", "carry" and "warm"')
        return go_on(self._carried, n_rows, self.bilm.config.lstm, next(self.bilm.parameters()).detach())


def _checked(sentences: Iterable[Sentence]) -> list[Sentence]:
    if isinstance(sentences, str | bytes) or not isinstance(sentences, Iterable):
        kind = "one string" if isinstance(sentences, str) else type(sentences).__name__
        raise TextError(f'embed takes a list of sentences, not {kind}; write model.embed(["The bank of the river"])')
    return list(sentences)


def _words(sentence: Sentence, number: int) -> list[str]:
    if isinstance(sentence, str):
        return [token.text for token in tokenize(sentence)]
    if isinstance(sentence, Iterable) and not isinstance(sentence, bytes):
        words = list(sentence)
        if all(isinstance(word, str) for word in words):
            return words
    raise TextError(f"sentence {number} is {sentence!r:.80}; give a string or a list of strings")
