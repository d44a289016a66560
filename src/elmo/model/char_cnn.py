"""The token layer: the character ids of a token -> one vector without context (Peters et al. 2018, section 3.4)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.errors import ShapeError
from elmo.model.config import Activation, CharCNNConfig
from elmo.model.fast_char_cnn import convolve_at_once, convolve_fast
from elmo.model.highway import Highway
from elmo.model.kernels.products import linear_in, look_up
from elmo.text.words.characters import PADDING

LENGTH_GROUPS = 3  # of words trained together, see `CharCNN.forward_train`


def convolve_characters(
    embedded: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor], activation: Activation
) -> Tensor:
    """Convolutions over the characters of a token, the maximum over positions, then the activation.

    Padding characters inside a token are characters like others and take part in the maximum, as published.

    Args:
        embedded: float (N, C, E), embedded characters.
        weights: one float (number, width, E) for each width of filter.
        biases: one float (number,) for each width of filter.
        activation: "relu" or "tanh", both monotonic: maximum first gives the same value.
    Returns:
        float (N, F), filters in the order of `weights`.
    """
    N, C, E = embedded.shape
    line = embedded.reshape(N, C * E)
    pooled = []
    for weight, bias in zip(weights, biases, strict=True):
        number, width, _ = weight.shape
        windows = line.unfold(1, width * E, E)  # (N, C - width + 1, width * E)
        positions = functional.linear(windows, weight.reshape(number, width * E), bias)  # (N, C - width + 1, number)
        pooled.append(positions.amax(dim=1))
    filters = torch.cat(pooled, dim=1)  # (N, F)
    return torch.relu(filters) if activation == "relu" else torch.tanh(filters)


def count_characters(char_ids: Tensor, pad_character: int) -> Tensor:
    """Characters of each token, marks of the word included, padding not: int (N, C) -> int64 (N,)."""
    return ((char_ids != pad_character) & (char_ids != PADDING)).sum(dim=1)  # (N,)


def trim_characters(char_ids: Tensor, widest_filter: int, pad_character: int) -> Tensor:
    """Cut off padding characters that cannot change the token layer: int (N, C) -> int (N, <= C).

    Padding takes part in the maximum over positions, so one window of padding alone is kept for the widest filter; all
    other windows of padding alone are equal to it.
    """
    used = int(count_characters(char_ids, pad_character).max()) if char_ids.numel() else 0
    return char_ids[:, : max(used + widest_filter, widest_filter)]


class CharCNN(nn.Module):
    """Characters -> embedding -> convolutions -> highway layers -> projection."""

    def __init__(self, config: CharCNNConfig, projection_size: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.n_characters, config.embedding_size, padding_idx=PADDING)
        self.conv_weights = nn.ParameterList(
            torch.empty(number, width, config.embedding_size) for width, number in config.filters
        )
        self.conv_biases = nn.ParameterList(torch.zeros(number) for _, number in config.filters)
        self.highways = nn.ModuleList(Highway(config.n_filters) for _ in range(config.n_highway))
        self.projection = nn.Linear(config.n_filters, projection_size) if config.projected else nn.Identity()
        self._initialise()

    def _initialise(self) -> None:
        """Initialise as bilm-tf does: relu filters uniform within 0.05, tanh filters normal; embeddings uniform within 1."""
        nn.init.uniform_(self.embedding.weight, -1.0, 1.0)
        nn.init.zeros_(self.embedding.weight[PADDING].detach())
        for weight in self.conv_weights:
            if self.config.activation == "relu":
                nn.init.uniform_(weight, -0.05, 0.05)
            else:
                nn.init.normal_(weight, std=(weight.shape[1] * weight.shape[2]) ** -0.5)
        if isinstance(self.projection, nn.Linear):
            nn.init.normal_(self.projection.weight, std=self.config.n_filters**-0.5)
            nn.init.zeros_(self.projection.bias)

    def forward(self, char_ids: Tensor) -> Tensor:
        """Vectors of tokens.

        Args:
            char_ids: int64 (..., C) as `text.words.characters` or the model's `text.words.alphabet` spells words.
        Returns:
            float (..., P).
        Raises:
            ShapeError: C is below the widest filter.
        """
        *positions, C = char_ids.shape
        if C < self.config.widest_filter:
            raise ShapeError(f"char CNN: {C} characters per token, the widest filter needs {self.config.widest_filter}")
        rows = char_ids.reshape(-1, C)  # (N, C)
        x = convolve_characters(
            self.embedding(trim_characters(rows, self.config.widest_filter, self.config.pad_character)),
            list(self.conv_weights),
            list(self.conv_biases),
            self.config.activation,
        )  # (N, F)
        for layer in self.highways:
            x = layer(x)
        vectors: Tensor = self.projection(x)  # (N, P)
        return vectors.reshape(*positions, vectors.shape[-1])  # (..., P)

    def forward_train(self, char_ids: Tensor, precision: torch.dtype | None) -> Tensor:
        """`forward` for training, with the hand-written gradient of `fast_char_cnn.py`: int64 (N, C) -> float (N, P).

        Words of like length are convolved together, so that short ones carry little padding.

        Args:
            precision: of matrix products; None: that of the weights.
        """
        by_length = count_characters(char_ids, self.config.pad_character).argsort(stable=True)
        weights, biases = list(self.conv_weights), list(self.conv_biases)
        maxima = []
        for group in by_length.chunk(LENGTH_GROUPS):
            trimmed = trim_characters(char_ids[group], self.config.widest_filter, self.config.pad_character)
            embedded = self.embedding(trimmed)  # (group, C, E)
            maxima.append(convolve_fast(embedded, weights, biases, precision))
        x = torch.cat(maxima).index_select(0, by_length.argsort())  # (N, F)
        return self._finish(torch.relu(x) if self.config.activation == "relu" else torch.tanh(x), precision)

    def forward_cuda(self, char_ids: Tensor, precision: torch.dtype | None) -> Tensor:
        """`forward_train` for a GPU: all positions at once, and the same kernels whatever the words (a graph can record them)."""
        embedded = look_up(self.embedding.weight, char_ids)  # (N, C, E)
        x = convolve_at_once(embedded, list(self.conv_weights), list(self.conv_biases), precision)  # (N, F)
        return self._finish(torch.relu(x) if self.config.activation == "relu" else torch.tanh(x), precision)

    def _finish(self, x: Tensor, precision: torch.dtype | None) -> Tensor:
        """Highway layers and projection: float (N, F) -> float (N, P)."""
        for layer in self.highways:
            x = layer(x, precision)
        if isinstance(self.projection, nn.Linear):
            x = linear_in(x, self.projection.weight, self.projection.bias, precision)
        return x  # (N, P)
