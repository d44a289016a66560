"""The part of the token layer for whole words: the id of a word -> its learned vector, projected.

ELMoForManyLangs (Che et al. 2018) projects the word's vector w and the highways' output y side by side. A projection of two
parts is the sum of their projections:

    token = W [w; y] + b = W_w w + (W_y y + b)

so this part has its own matrix here, and `char_cnn` is the same with word vectors and without.
"""

import torch
from torch import Tensor, nn

from elmo.model.config import WordEmbeddingConfig
from elmo.model.kernels.products import linear_in, look_up
from elmo.text.words.characters import PADDING


class WordEmbedding(nn.Module):
    """A row for each input word, `<S>`, `</S>` and `<UNK>`, projected to the size of a token."""

    def __init__(self, config: WordEmbeddingConfig, projection_size: int, bias: bool) -> None:
        """Make the parameters.

        Args:
            bias: of the projection; False beside characters, whose projection has one.
        """
        super().__init__()
        self.embedding = nn.Embedding(config.n_rows, config.size, padding_idx=PADDING)
        self.projection = nn.Linear(config.size, projection_size, bias=bias)
        nn.init.normal_(self.embedding.weight, std=0.1)  # small: a word hardly seen leaves the word to its characters
        nn.init.zeros_(self.embedding.weight[PADDING].detach())
        nn.init.normal_(self.projection.weight, std=config.size**-0.5)
        if bias:
            nn.init.zeros_(self.projection.bias)

    def forward(self, word_ids: Tensor, precision: torch.dtype | None = None) -> Tensor:
        """int64 (...) as `text.words.word_encoder` numbers words -> float (..., P).

        Args:
            precision: of the matrix product; None: that of the weights.
        """
        rows = look_up(self.embedding.weight, word_ids) if word_ids.is_cuda else self.embedding(word_ids)
        return linear_in(rows, self.projection.weight, self.projection.bias, precision)  # (..., P)
