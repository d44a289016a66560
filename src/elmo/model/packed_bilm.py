"""The biLM for embedding: the same numbers as `bilm.py`, without gradients and padding.

The context encoder brings its own way (`ContextEncoder.prepack`); for characters one product a position serves the filters of all
widths.
`bilm.BiLM` is the readable twin that it is tested against.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.model.bilm import BiLM
from elmo.model.char_cnn import CharCNN, count_characters
from elmo.model.encoders.state import BiLMState
from elmo.model.fast_char_cnn import stack_filters
from elmo.model.highway import Highway
from elmo.model.kernels.paging import release_mapped_pages
from elmo.model.kernels.products import held_as, prepack_linear

WORDS_AT_ONCE = 512  # spelled together; like lengths, so that short words carry little padding


class PackedBiLM:
    """A biLM's weights packed for embedding; it holds copies, and must be made anew when they change."""

    def __init__(self, bilm: BiLM, precision: torch.dtype | None = None) -> None:
        """Pack the weights.

        Args:
            precision: of matrix products, torch.bfloat16 or torch.int8; None: that of the weights. Sums, the cell and all
                results stay in float32.
        """
        weight = next(bilm.parameters())
        low = precision or weight.dtype
        self._bilm, self._like = bilm, weight.detach()
        self._spell = None if bilm.char_cnn is None else _PackedCharCNN(bilm.char_cnn, low)
        self._encoder = bilm.forward_lm.prepack(bilm.backward_lm, low)
        self._n_layers = bilm.config.n_layers

    def token_layer(self, char_ids: Tensor) -> Tensor:
        """`BiLM.token_layer`: int64 (N, C) -> float (N, P)."""
        if self._spell is None:
            return self._bilm.token_layer(char_ids)
        words = self._bilm.word_embedding
        if words is None:
            return self._spell.read(char_ids)
        of_words: Tensor = words(char_ids[:, -1])
        return self._spell.read(char_ids[:, :-1]) + of_words

    def contextualise(
        self, tokens: Tensor, batch_sizes: Sequence[int], reverse_indices: Tensor, state: BiLMState
    ) -> tuple[Tensor, BiLMState]:
        """All layers of sentences that are packed as `text.packing` does.

        Args:
            tokens: float (N, P), the token layer.
            batch_sizes: (T,), rows of each step. mirrored: int64 (N,), see `Packing`.
            state: of the B rows; it is written over.
        Returns:
            layers: float (L, N, D); the state after each row's last token (forward) and first token (backward).
        """
        P = tokens.shape[1]
        layers = tokens.new_empty(self._n_layers, len(tokens), 2 * P)  # (L, N, D)
        layers[0, :, :P] = layers[0, :, P:] = tokens
        pairs = self._encoder.read(tokens, tokens[reverse_indices], batch_sizes, state)
        for number, (ahead, behind) in enumerate(pairs, start=1):
            layers[number, :, :P] = ahead
            layers[number, :, P:] = behind[reverse_indices]
        return layers, state


class _PackedCharCNN:
    """The token layer of spelled words."""

    def __init__(self, cnn: CharCNN, low: torch.dtype) -> None:
        config = cnn.config
        self._stack = stack_filters([weight.detach() for weight in cnn.conv_weights])
        order = self._stack.order
        back = dict(zip(order, torch.split(torch.arange(config.n_filters), self._stack.numbers), strict=True))
        self._back = None if order == sorted(order) else torch.cat([back[i] for i in range(len(order))])
        self._table = cnn.embedding.weight.detach().to(held_as(low))
        self._filters = prepack_linear(self._stack.rows, WORDS_AT_ONCE, None, low)
        self._bias = torch.cat([cnn.conv_biases[i].detach() for i in order])
        self._highways = [
            prepack_linear(
                torch.cat([h.carry.weight, h.transform.weight]).detach(),
                WORDS_AT_ONCE,
                torch.cat([h.carry.bias, h.transform.bias]).detach(),
                low,
            )
            for h in cnn.highways
            if isinstance(h, Highway)
        ]
        release_mapped_pages(*(w for h in cnn.highways for w in h.parameters()))
        projection = cnn.projection
        self._project = (
            prepack_linear(projection.weight.detach(), WORDS_AT_ONCE, projection.bias.detach(), low)
            if isinstance(projection, nn.Linear)
            else None
        )
        self._config, self._low = config, held_as(low)

    def read(self, char_ids: Tensor) -> Tensor:
        """int64 (N, C) -> float (N, P), words of like length together."""
        n_characters = count_characters(char_ids, self._config.pad_character)
        by_length = n_characters.argsort(stable=True)
        vectors = []
        for some in torch.split(by_length, WORDS_AT_ONCE):
            used = int(n_characters[some[-1]])
            vectors.append(self._read(char_ids[some, : used + self._config.widest_filter]))  # see `trim_characters`
        return torch.cat(vectors).index_select(0, by_length.argsort()) if vectors else self._read(char_ids)

    def _read(self, char_ids: Tensor) -> Tensor:
        N, C = char_ids.shape
        E, window = self._config.embedding_size, self._stack.rows.shape[1]
        line = self._table[char_ids].view(N, C * E)
        line = functional.pad(line, (0, window - E))  # the padding is read only by filters whose result is not used
        best = line.new_full((N, len(self._bias)), -torch.inf)  # (N, F)
        for position, n_filters in enumerate(self._stack.reach(C)):
            found = self._filters(line[:, position * E : position * E + window])  # (N, F)
            so_far = best[:, :n_filters]
            torch.maximum(so_far, found[:, :n_filters], out=so_far)
        x = best.to(self._bias.dtype).add_(self._bias)
        x = x.relu_() if self._config.activation == "relu" else x.tanh_()
        if self._back is not None:
            x = x[:, self._back]
        for layer in self._highways:
            gate, changed = layer(x.to(self._low)).to(x.dtype).chunk(2, dim=1)  # (N, F) each
            x = torch.lerp(x, changed.relu(), gate.sigmoid())
        return x if self._project is None else self._project(x.to(self._low)).to(x.dtype)  # (N, P)
