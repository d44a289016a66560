"""The biLM for embedding: the same numbers as `bilm.py`, without gradients, padding or a step of Python for each word.

What pays (measured in SPEED notes and `LOG.md`): weights laid out once for many products; one product over [x, h] a step; rows
that shrink as sentences end; the cell updated in place, its tanh by the faster sigmoid (error 2e-7); for characters one product
a place for the filters of all widths. `bilm.BiLM` is the readable twin that it is tested against.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.model.bilm import BiLM
from elmo.model.char_cnn import CharCNN, count_characters
from elmo.model.encoders.lstm.fast_lstm import under_one_sigmoid
from elmo.model.encoders.lstm.lstm import LSTMLayer, LSTMStack, LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.model.fast_char_cnn import stack_filters
from elmo.model.highway import Highway
from elmo.model.kernels.paging import release_mapped_pages
from elmo.model.kernels.products import IN_CACHE, Product, prepack_linear, small_batch_linear
from elmo.model.kernels.thread_lock import Once

WORDS_AT_ONCE = 512  # spelled together; like lengths, so that short words carry little padding
USUAL_ROWS = 256  # for which weights are laid out
FEW_ROWS = 4  # sentences that are read in another way
READ_AHEAD = 512  # of their tokens, of which gates are kept at a time: a document may be of any length


class PackedBiLM:
    """A biLM's weights laid out for embedding; it holds copies, and must be made anew when they change."""

    def __init__(self, bilm: BiLM, precision: torch.dtype | None = None) -> None:
        """Lay out the weights.

        Args:
            precision: of matrix products, torch.bfloat16 or torch.int8; None: that of the weights. Sums, the cell and all
                results stay in float32.
        """
        weight = next(bilm.parameters())
        low = precision or weight.dtype
        self._bilm, self._like = bilm, weight.detach()
        self._spell = None if bilm.char_cnn is None else _PackedCharCNN(bilm.char_cnn, low)
        stacks = (_layers_of(bilm.forward_lm), _layers_of(bilm.backward_lm))
        self._forward, self._backward = ([_PackedLayer(layer, low) for layer in stack] for stack in stacks)
        groups = [(0, 1)] if _fits_twice(stacks[0][0].hidden_weight, low) else [(0,), (1,)]
        self._few = {
            group: [_FewLayer(some, low) for some in zip(*(stacks[d] for d in group), strict=True)] for group in groups
        }
        self._skip = bilm.config.lstm.skip_connections

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
        """All layers of sentences that are laid out as `text.packing` tells.

        Args:
            tokens: float (N, P), the token layer.
            batch_sizes: (T,), rows of each step. mirrored: int64 (N,), see `Packing`.
            state: of the B rows; it is written over.
        Returns:
            layers: float (L, N, D); the state after each row's last token (forward) and first token (backward).
        """
        P = tokens.shape[1]
        layers = tokens.new_empty(1 + len(self._forward), len(tokens), 2 * P)  # (L, N, D)
        layers[0, :, :P] = layers[0, :, P:] = tokens
        if len(batch_sizes) and batch_sizes[0] <= FEW_ROWS:
            self._contextualise_few(layers, batch_sizes, reverse_indices, state)
            return layers, state
        for half, stack, own in (
            (slice(0, P), self._forward, LSTMState(*state.forward)),
            (slice(P, 2 * P), self._backward, LSTMState(*state.backward)),
        ):
            x = tokens if half.start == 0 else tokens[reverse_indices]  # (N, P)
            for number, layer in enumerate(stack):
                output = layer.run(x, batch_sizes, own.hidden[number], own.cell[number])
                x = output.add_(x) if self._skip and number > 0 else output  # (N, P)
                layers[number + 1, :, half] = x if half.start == 0 else x[reverse_indices]
        return layers, state

    def _contextualise_few(
        self, layers: Tensor, batch_sizes: Sequence[int], reverse_indices: Tensor, state: BiLMState
    ) -> None:
        """`contextualise` for a sentence or a few: both directions side by side where the weights of both stay in the cache."""
        N, P = layers.shape[1], layers.shape[2] // 2
        sides, halves = layers.view(-1, N, 2, P), [LSTMState(*half) for half in state]
        for group, stack in self._few.items():
            x = torch.stack([sides[0, :, 0] if d == 0 else sides[0, reverse_indices, 1] for d in group])  # (D, N, P)
            for number, layer in enumerate(stack):
                hidden = torch.stack([halves[d].hidden[number] for d in group])  # (D, B, P)
                cell = torch.stack([halves[d].cell[number] for d in group])  # (D, B, H)
                output = layer.run(x, batch_sizes, hidden, cell)
                x = output.add_(x) if self._skip and number > 0 else output
                for at, d in enumerate(group):
                    sides[number + 1, :, d] = x[at] if d == 0 else x[at, reverse_indices]
                    halves[d].hidden[number], halves[d].cell[number] = hidden[at], cell[at]


def _held_as(precision: torch.dtype) -> torch.dtype:
    """The type of what goes into a product: int8 products scale what they are given themselves."""
    return torch.float32 if precision == torch.int8 else precision


def _fits_twice(weight: Tensor, low: torch.dtype) -> bool:
    """Whether the weights of both directions stay in a processor's cache from step to step."""
    return weight.numel() * low.itemsize <= IN_CACHE


def _layers_of(stack: LSTMStack) -> list[LSTMLayer]:
    return [layer for layer in stack.layers if isinstance(layer, LSTMLayer)]


class _PackedLayer:
    """One layer of one direction."""

    def __init__(self, layer: LSTMLayer, low: torch.dtype) -> None:
        self._config, self._low = layer.config, _held_as(low)
        self._products = Once(lambda: _many_products(layer, low))

    def run(self, x: Tensor, batch_sizes: Sequence[int], hidden: Tensor, cell: Tensor) -> Tensor:
        """x float (N, P) -> output float (N, P) before any residual; hidden (B, P) and cell (B, H) are written over."""
        config, (B, H), P, products = self._config, cell.shape, x.shape[1], self._products.get()
        read = x.new_empty(B, 2 * P, dtype=self._low)  # [x, h] of a step
        read[:, P:] = hidden
        step, squashed = x.new_empty(B, 4 * H), x.new_empty(B, H)
        outputs = torch.empty_like(x)
        minus_one = x.new_tensor(-1.0)
        start = 0
        for n in batch_sizes:
            end = start + n
            read[:n, :P] = x[start:end]
            gates = step[:n].copy_(products.gates(read[:n])).sigmoid_()  # (n, 4H)
            i, j, f, o = gates.chunk(4, dim=1)
            torch.add(minus_one, j, alpha=2.0, out=j)
            own = cell[:n].mul_(f).addcmul_(i, j)  # (n, H)
            if config.cell_clip is not None:
                own.clamp_(-config.cell_clip, config.cell_clip)
            tanh = torch.mul(own, 2.0, out=squashed[:n]).sigmoid_()
            torch.add(minus_one, tanh, alpha=2.0, out=tanh)
            tanh.mul_(o)
            output = outputs[start:end]
            if products.project is None:
                output.copy_(tanh)
            else:
                output.copy_(products.project(tanh.to(self._low)))
                if config.projection_clip is not None:
                    output.clamp_(-config.projection_clip, config.projection_clip)
            read[:n, P:] = output
            start = end
        for row_from, row_to, at in _ends(batch_sizes):  # rows that end at a step keep what it gave
            hidden[row_from:row_to] = outputs[at + row_from : at + row_to]
        return outputs


class _ManyProducts(NamedTuple):
    """Products of a layer for many rows."""

    gates: Product  # of [x, h]
    project: Product | None


def _many_products(layer: LSTMLayer, low: torch.dtype) -> _ManyProducts:
    doubled, bias = under_one_sigmoid(layer.bias.detach(), layer.config.forget_bias)
    weight = torch.cat([layer.input_weight.detach(), layer.hidden_weight.detach()], dim=1)  # (4H, 2P)
    release_mapped_pages(layer.input_weight, layer.hidden_weight)
    gates = prepack_linear(weight.mul_(doubled), USUAL_ROWS, bias, low)
    project = None if layer.projection is None else prepack_linear(layer.projection.detach(), USUAL_ROWS, None, low)
    release_mapped_pages(layer.projection)
    return _ManyProducts(gates, project)


class _FewLayer:
    """One layer of D = 1 or 2 directions, for a sentence or a few, where it takes longer to read weights than to multiply with
    them: those of x are read once for many steps, and as little as can be of a step is told by Python."""

    def __init__(self, layers: Sequence[LSTMLayer], low: torch.dtype) -> None:
        self._config, self._low = layers[0].config, _held_as(low)
        self._products = Once(lambda: _few_products(layers, low))

    def run(self, x: Tensor, batch_sizes: Sequence[int], hidden: Tensor, cell: Tensor) -> Tensor:
        """x float (D, N, P) -> output of that shape before any residual; hidden (D, B, P), cell (D, B, H) are written over."""
        config, products = self._config, self._products.get()
        outputs, minus_one = torch.empty_like(x), x.new_tensor(-1.0)
        start, n_before, read_from, read_to = 0, 0, 0, 0
        for n in batch_sizes:
            end = start + n
            if end > read_to:
                read_from, read_to = start, min(start + READ_AHEAD, x.shape[1])
                of_input = products.of_input(x[:, read_from:read_to].to(self._low)).to(x.dtype)  # (D, some, 4H)
            if n != n_before:
                own_hidden, own = hidden[:, :n], cell[:, :n]  # (D, n, P), (D, n, H)
                n_before = n
            gates = (
                products.of_hidden(own_hidden.to(self._low))
                .to(x.dtype)
                .add_(of_input[:, start - read_from : end - read_from])
            )  # (D, n, 4H)
            i, j, f, o = gates.chunk(4, dim=2)
            j.mul_(2.0)  # tanh(j) = 2 sigmoid(2 j) - 1, all four blocks under one sigmoid
            gates.sigmoid_()
            own.mul_(f).addcmul_(i, j, value=2.0).sub_(i)
            if config.cell_clip is not None:
                own.clamp_(-config.cell_clip, config.cell_clip)
            tanh = torch.mul(own, 2.0).sigmoid_()  # (D, n, H)
            inner = torch.add(minus_one, tanh, alpha=2.0, out=tanh).mul_(o)
            output = (
                inner if products.project is None else products.project(inner.to(self._low)).to(x.dtype)
            )  # (D, n, P)
            if products.project is not None and config.projection_clip is not None:
                output.clamp_(-config.projection_clip, config.projection_clip)
            own_hidden.copy_(output)
            outputs[:, start:end] = output
            start = end
        return outputs


class _FewProducts(NamedTuple):
    """Products of a layer for a row or a few of each direction: float (D, n, K) -> (D, n, M), each by its own weight."""

    of_input: Product  # with the bias, forget bias included
    of_hidden: Product
    project: Product | None


def _few_products(layers: Sequence[LSTMLayer], low: torch.dtype) -> _FewProducts:
    biases = []
    for layer in layers:
        bias = layer.bias.detach().clone()
        bias.view(4, -1)[2] += layer.config.forget_bias
        biases.append(bias)
    projections = [layer.projection.detach() for layer in layers if layer.projection is not None]
    return _FewProducts(
        small_batch_linear([layer.input_weight.detach() for layer in layers], biases, low),
        small_batch_linear([layer.hidden_weight.detach() for layer in layers], None, low),
        small_batch_linear(projections, None, low) if projections else None,
    )


def _ends(batch_sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    """Rows whose last token a step holds, and where the step begins."""
    found, start = [], 0
    for n, later in pairwise([*batch_sizes, 0]):
        if later < n:
            found.append((later, n, start))
        start += n
    return found


class _PackedCharCNN:
    """The token layer of spelled words."""

    def __init__(self, cnn: CharCNN, low: torch.dtype) -> None:
        config = cnn.config
        self._stack = stack_filters([weight.detach() for weight in cnn.conv_weights])
        order = self._stack.order
        back = dict(zip(order, torch.split(torch.arange(config.n_filters), self._stack.numbers), strict=True))
        self._back = None if order == sorted(order) else torch.cat([back[i] for i in range(len(order))])
        self._table = cnn.embedding.weight.detach().to(_held_as(low))
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
        self._config, self._low = config, _held_as(low)

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
        line = functional.pad(line, (0, window - E))  # places past the end are read by no filter that counts
        best = line.new_full((N, len(self._bias)), -torch.inf)  # (N, F)
        for place, n_filters in enumerate(self._stack.reach(C)):
            found = self._filters(line[:, place * E : place * E + window])  # (N, F)
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
