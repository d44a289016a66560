"""AllenNLP's ELMo: `Elmo`, `batch_to_ids`, `ElmoTokenEmbedder`, `ScalarMix` of 2.10.1, `ElmoEmbedder` of 0.9.0.

    from elmo.compat.allennlp import Elmo, batch_to_ids          # was: from allennlp.modules.elmo import ...
    from elmo.compat.allennlp import ElmoEmbedder                # was: from allennlp.commands.elmo import ...

Same names, arguments, shapes and values, also where AllenNLP's may surprise:

- The LSTM state is carried from batch to batch, row by row. `stateful=False` starts each batch from zero; `reset_states()` once.
- A mask counts `<S>` and `</S>` among the tokens of a layer norm.
- `Elmo` sees ids, not words: it does not warn of a text that is foreign to the model.

A state dict of AllenNLP's model loads (`load_state_dict`). Padding is zero everywhere, unlike in AllenNLP.
Nothing is downloaded: give the files of a model, or its folder.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from elmo.compat.allennlp_embedder import ElmoEmbedder, load_pair
from elmo.compat.allennlp_names import take_allennlp_names
from elmo.compat.arguments import whole_number
from elmo.embed.carried_state import go_on
from elmo.errors import CheckpointError, ConfigError, ShapeError
from elmo.model.encoders.lstm.lstm import LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.model.scalar_mix import ALLENNLP_EPSILON, normalise_layers
from elmo.text.sentence_inputs import read_token_lists
from elmo.text.words.characters import encode_word, encode_words

MAX_CHARACTERS = 50  # AllenNLP's indexer knows no other number
__all__ = ["Elmo", "ElmoEmbedder", "ElmoTokenEmbedder", "ScalarMix", "batch_to_ids"]


def batch_to_ids(batch: Sequence[Sequence[str]]) -> Tensor:
    """Spell tokenized sentences, without boundaries: int64 (B, longest, 50), 0 for padding; TextError for other input."""
    sentences = read_token_lists(batch)
    longest = max((len(words) for words in sentences), default=0)
    ids = np.zeros((len(sentences), longest, MAX_CHARACTERS), dtype=np.int64)
    for row, words in zip(ids, sentences, strict=True):
        row[: len(words)] = encode_words(words, MAX_CHARACTERS)
    return torch.from_numpy(ids)


class ScalarMix(nn.Module):
    """The learned mix of layers, equation 1; its parameters have AllenNLP's names, so that its checkpoints load."""

    def __init__(
        self,
        mixture_size: int,
        do_layer_norm: bool = False,
        initial_scalar_parameters: Sequence[float] | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        start = [0.0] * mixture_size if initial_scalar_parameters is None else list(initial_scalar_parameters)
        if len(start) != mixture_size:
            raise ConfigError(
                f"{len(start)} initial_scalar_parameters for a mixture of {mixture_size}; give one per layer"
            )
        self.mixture_size = mixture_size
        self.do_layer_norm = do_layer_norm
        self.scalar_parameters = nn.ParameterList(
            nn.Parameter(torch.tensor([float(value)]), requires_grad=trainable) for value in start
        )
        self.gamma = nn.Parameter(torch.tensor([1.0]), requires_grad=trainable)

    def forward(self, tensors: Sequence[Tensor], mask: Tensor | None = None) -> Tensor:
        """Mix layers.

        Args:
            tensors: one float (..., D) a layer; with layer norm (B, T, D).
            mask: bool (B, T), needed for layer norm.
        Raises:
            ShapeError: not one tensor a layer, or no mask for layer norm.
        """
        if len(tensors) != self.mixture_size:
            raise ShapeError(f"{len(tensors)} tensors for a mixture of {self.mixture_size}; give one per layer")
        if self.do_layer_norm:
            if mask is None:
                raise ShapeError("do_layer_norm needs the mask: mean and variance are over tokens, not padding")
            tensors = normalise_layers(torch.stack(list(tensors), dim=1), mask.bool(), ALLENNLP_EPSILON).unbind(1)
        weights = torch.cat(list(self.scalar_parameters)).softmax(dim=0)
        mixed: Tensor = self.gamma * sum(weight * tensor for weight, tensor in zip(weights, tensors, strict=True))
        return mixed


class _ElmoBiLm(nn.Module):
    """The biLM alone: all layers, boundaries included; each row's state is kept from batch to batch."""

    def __init__(
        self,
        options_file: str | Path | None,
        weight_file: str | Path | None = None,
        requires_grad: bool = False,
        vocab_to_cache: Sequence[str] | None = None,
        *,
        stateful: bool = True,
    ) -> None:
        super().__init__()
        model = load_pair(options_file, weight_file)
        if model.bilm.char_cnn is None or model.lexicon.alphabet is not None:
            raise CheckpointError(
                f"{options_file}: AllenNLP's interface reads words as UTF-8 bytes, this model does not"
            )
        if model.bilm.char_cnn.config.max_characters != MAX_CHARACTERS:
            raise CheckpointError(
                f"{options_file}: this model reads {model.bilm.char_cnn.config.max_characters} characters per word, AllenNLP's "
                f"interface {MAX_CHARACTERS}; use elmo.Elmo with this model"
            )
        if stateful and not (encoder := model.config.bilm.encoder).has_state:
            raise CheckpointError(f"{options_file}: the encoder {encoder.kind} has no state; give stateful=False")
        self.bilm = model.bilm.requires_grad_(requires_grad)
        self.num_layers: int = model.config.bilm.n_layers
        marks = [encode_word(mark, MAX_CHARACTERS) for mark in model.config.boundaries]
        self.register_buffer("_marks", torch.from_numpy(np.stack(marks)), persistent=False)  # int64 (2, C)
        self._stateful = stateful
        self._carried: BiLMState | None = None
        self.register_load_state_dict_pre_hook(take_allennlp_names)  # type: ignore[no-untyped-call]

    @property
    def _elmo_lstm(self) -> "_ElmoBiLm":
        """Old code resets by `_elmo_lstm._elmo_lstm.reset_states()`, or by setting its `_states` to None."""
        return self

    @property
    def _states(self) -> tuple[Tensor, Tensor] | None:
        """The kept state, in AllenNLP's layout: float (layers, B, 2P) and (layers, B, 2H); None: nothing."""
        if self._carried is None:
            return None
        (h, c), (h_back, c_back) = self._carried
        return torch.cat([h, h_back], dim=2), torch.cat([c, c_back], dim=2)

    @_states.setter
    def _states(self, states: tuple[Tensor, Tensor] | None) -> None:
        if states is None:
            self._carried = None
            return
        halves = zip(*(state.chunk(2, dim=2) for state in states), strict=True)
        self._carried = BiLMState(*(LSTMState(hidden.clone(), cell.clone()) for hidden, cell in halves))

    def get_output_dim(self) -> int:
        """D."""
        return self.bilm.config.width

    def reset_states(self) -> None:
        """The next batch starts from zero."""
        self._carried = None

    def forward(self, inputs: Tensor, word_inputs: Tensor | None = None) -> dict[str, Any]:
        """All layers.

        Args:
            inputs: int64 (B, T, 50) of `batch_to_ids`.
            word_inputs: not needed: with AllenNLP it saved time, and changed no value.
        Returns:
            activations: a list of L float (B, T + 2, D), the token layer first; mask: bool (B, T + 2).
        Raises:
            ShapeError: the ids are not those of `batch_to_ids`.
        """
        char_ids, mask = self._with_boundaries(inputs)
        rows = range(len(char_ids))
        start = None
        if self._stateful:
            start = go_on(self._carried, self.bilm.start_state(len(rows)))
        layers, after = self.bilm(char_ids, mask, None if start is None else start.rows(rows))
        if start is not None:
            with torch.no_grad():
                start.put(rows, after)
            self._carried = start
        return {"activations": list(layers.unbind(1)), "mask": mask}

    def _with_boundaries(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        marks: Tensor = self._marks  # type: ignore[assignment]
        if inputs.dim() != 3 or inputs.shape[2] != MAX_CHARACTERS or inputs.is_floating_point() or inputs.is_complex():
            raise ShapeError(
                f"inputs are {inputs.dtype} {tuple(inputs.shape)}; "
                f"expected int64 (B, T, {MAX_CHARACTERS}), as batch_to_ids makes"
            )
        inputs = inputs.to(marks.device, torch.int64)
        n_characters = self.bilm.config.char_cnn.n_characters if self.bilm.config.char_cnn else 0
        if inputs.numel() and not 0 <= int(inputs.min()) <= int(inputs.max()) < n_characters:
            raise ShapeError(
                f"inputs hold ids from {int(inputs.min())} to {int(inputs.max())}; expected 0 to {n_characters - 1}"
            )
        B, T, C = inputs.shape
        lengths = (inputs > 0).any(dim=2).sum(dim=1)  # (B,)
        char_ids = inputs.new_zeros((B, T + 2, C))
        char_ids[:, 1:-1] = inputs
        char_ids[:, 0] = marks[0]
        char_ids[torch.arange(B), lengths + 1] = marks[1]
        return char_ids, (char_ids > 0).any(dim=2)  # (B, T + 2, C), (B, T + 2)


class Elmo(nn.Module):
    """ELMo vectors of sentences for the layers of a task; mixes are learned, the biLM if `requires_grad`."""

    def __init__(
        self,
        options_file: str | Path | None,
        weight_file: str | Path | None = None,
        num_output_representations: int = 1,
        requires_grad: bool = False,
        do_layer_norm: bool = False,
        dropout: float = 0.5,
        vocab_to_cache: Sequence[str] | None = None,
        keep_sentence_boundaries: bool = False,
        scalar_mix_parameters: Sequence[float] | None = None,
        module: nn.Module | None = None,
        *,
        stateful: bool = True,
    ) -> None:
        """Load a model.

        Args:
            options_file, weight_file: the two files; or a folder or archive of any model that spells bytes, alone.
            num_output_representations: how many mixes, each with parameters of its own.
            dropout: of the mixes, in training.
            vocab_to_cache: not needed: with AllenNLP it saved time, and changed no value.
            keep_sentence_boundaries: whether `<S>` and `</S>` stay among the vectors.
            scalar_mix_parameters: before the softmax; then they are fixed.
            module: a biLM that is loaded already (`_ElmoBiLm`), instead of the files.
            stateful: False: each batch starts from zero; not AllenNLP's.
        Raises:
            CheckpointError, ConfigError: there is no such model, or the settings cannot work.
        """
        super().__init__()
        if module is not None and (options_file is not None or weight_file is not None):
            raise ConfigError("module and files are given; give one of them")
        if not 0 <= dropout <= 1:
            raise ConfigError(f"dropout {dropout}: must be between 0 and 1")
        n_mixes = whole_number("num_output_representations", num_output_representations)
        self._elmo_lstm = (
            _ElmoBiLm(options_file, weight_file, requires_grad, vocab_to_cache, stateful=stateful)
            if module is None
            else module
        )
        self._keep_sentence_boundaries = keep_sentence_boundaries
        self._dropout = nn.Dropout(p=dropout)
        self._scalar_mixes: list[ScalarMix] = []
        for k in range(n_mixes):
            mix = ScalarMix(
                int(self._elmo_lstm.num_layers),  # type: ignore[arg-type]
                do_layer_norm,
                scalar_mix_parameters,
                trainable=scalar_mix_parameters is None,
            )
            self.add_module(f"scalar_mix_{k}", mix)
            self._scalar_mixes.append(mix)

    def get_output_dim(self) -> int:
        """D."""
        size: int = self._elmo_lstm.get_output_dim()  # type: ignore[operator]
        return size

    def reset_states(self) -> None:
        """The next batch starts from zero."""
        self._elmo_lstm.reset_states()  # type: ignore[operator]

    def forward(self, inputs: Tensor, word_inputs: Tensor | None = None) -> dict[str, Any]:
        """Mixed vectors.

        Args:
            inputs: int64 (B, T, 50), or with more dimensions in front, which come back.
            word_inputs: not needed.
        Returns:
            elmo_representations: a list of float (B, T, D), padding zero; mask: bool (B, T); T + 2 with boundaries.
        """
        if not isinstance(inputs, Tensor) or inputs.dim() < 3:
            shown = tuple(inputs.shape) if isinstance(inputs, Tensor) else type(inputs).__name__
            raise ShapeError(f"inputs are {shown}; expected (B, T, {MAX_CHARACTERS}), as batch_to_ids makes")
        before = inputs.shape[:-2]
        found = self._elmo_lstm(inputs.reshape(math.prod(before), *inputs.shape[-2:]), word_inputs)
        mask: Tensor = found["mask"]
        kept = mask if self._keep_sentence_boundaries else mask[:, 2:]  # (B, T): the first tokens, as many as there are
        kept_tokens = slice(None) if self._keep_sentence_boundaries else slice(1, -1)
        representations = []
        for mix in self._scalar_mixes:
            mixed = mix(found["activations"], mask)[:, kept_tokens] * kept.unsqueeze(2)  # (B, T, D)
            mixed = self._dropout(mixed)
            representations.append(mixed.reshape(*before, *mixed.shape[1:]))
        return {"elmo_representations": representations, "mask": kept.reshape(*before, kept.shape[1])}


class ElmoTokenEmbedder(nn.Module):
    """`Elmo` with one mix, projected if asked for."""

    def __init__(
        self,
        options_file: str | Path | None = None,
        weight_file: str | Path | None = None,
        do_layer_norm: bool = False,
        dropout: float = 0.5,
        requires_grad: bool = False,
        projection_dim: int | None = None,
        vocab_to_cache: Sequence[str] | None = None,
        scalar_mix_parameters: Sequence[float] | None = None,
        *,
        stateful: bool = True,
    ) -> None:
        super().__init__()
        self._elmo = Elmo(
            options_file,
            weight_file,
            1,
            do_layer_norm=do_layer_norm,
            dropout=dropout,
            requires_grad=requires_grad,
            vocab_to_cache=vocab_to_cache,
            scalar_mix_parameters=scalar_mix_parameters,
            stateful=stateful,
        )
        self._projection = None if projection_dim is None else nn.Linear(self._elmo.get_output_dim(), projection_dim)
        self.output_dim: int = projection_dim or self._elmo.get_output_dim()

    def get_output_dim(self) -> int:
        """Size of a vector."""
        return self.output_dim

    def forward(self, elmo_tokens: Tensor, word_inputs: Tensor | None = None) -> Tensor:
        """int64 (B, T, 50) -> float (B, T, D or projection_dim)."""
        vectors: Tensor = self._elmo(elmo_tokens, word_inputs)["elmo_representations"][0]
        return vectors if self._projection is None else self._projection(vectors)
