"""The encoder of all task models: a batch -> one vector per token in context (Peters et al. 2018, section 3.3)."""

import torch
from torch import Tensor, nn

from elmo.model.char_cnn import CharCNN
from elmo.model.config import CharCNNConfig
from elmo.model.scalar_mix import ScalarMix
from elmo.tasks.batches import PADDING, Batch, TableSizes
from elmo.tasks.config import ElmoConfig, InputConfig, TaskConfig
from elmo.tasks.data.static_words import UNKNOWN_ROW
from elmo.tasks.layers.bilstm import BiLSTM
from elmo.tasks.layers.unit_dropout import UnitDropout

_FILTERS = ((1, 16), (2, 32), (3, 64), (4, 64))


class ElmoInput(nn.Module):
    """Layers -> their learned mix, with dropout."""

    def __init__(self, n_layers: int, config: ElmoConfig) -> None:
        super().__init__()
        self.mix = ScalarMix(n_layers, layer_norm=config.layer_norm)
        self.dropout = UnitDropout(config.dropout)

    def forward(self, layers: Tensor, mask: Tensor) -> Tensor:
        """layers float (B, L, T, D), mask bool (B, T) -> float (B, T, D)."""
        mixed: Tensor = self.dropout(self.mix(layers, mask))
        return mixed


class OwnInput(nn.Module):
    """A vector for each frequent word and a vector of its characters, both learned from the task's text."""

    def __init__(self, n_words: int, config: InputConfig) -> None:
        super().__init__()
        self.words = nn.Embedding(n_words, config.word_size, padding_idx=PADDING)
        nn.init.normal_(self.words.weight, std=0.5)
        spelling = CharCNNConfig(filters=_FILTERS, n_highway=1, max_characters=config.max_characters)
        self.characters = CharCNN(spelling, config.character_size)
        self.width = config.word_size + config.character_size

    def forward(self, batch: Batch) -> Tensor:
        """Float (B, T, width)."""
        spelled = self.characters(batch.char_ids)[batch.spelled]  # (B, T, characters)
        return torch.cat([self.words(batch.word_ids), spelled], dim=2)


class StaticInput(nn.Module):
    """The static vector of each token; for an unknown token initially zeros, which are trained."""

    def __init__(self, n_rows: int, width: int, config: InputConfig) -> None:
        super().__init__()
        self.rows = nn.Embedding(n_rows, width, padding_idx=PADDING)
        self.rows.weight.requires_grad_(config.tune_vectors)
        self.fill(torch.zeros(n_rows - UNKNOWN_ROW - 1, width))
        self.width = width

    @torch.no_grad()
    def fill(self, table: Tensor) -> None:
        """Set the vectors of the words: float (words, width)."""
        self.rows.weight[: UNKNOWN_ROW + 1] = 0
        self.rows.weight[UNKNOWN_ROW + 1 :] = table

    def forward(self, static_ids: Tensor) -> Tensor:
        """int64 (B, T) -> float (B, T, width)."""
        found: Tensor = self.rows(static_ids)
        return found


class Encoder(nn.Module):
    """Learned vectors, static ones if configured, and ELMo's -> a bidirectional LSTM -> ELMo's again, if configured.

    Args:
        tables: of words. elmo: (L, D) of the biLM; None: the baseline.
        n_more: numbers of a token that a task adds of its own.
        n_units: of a layer of ReLUs that each token passes before the LSTM; None: there is none.
    """

    def __init__(
        self,
        config: TaskConfig,
        tables: TableSizes,
        elmo: tuple[int, int] | None,
        n_more: int = 0,
        n_units: int | None = None,
    ) -> None:
        super().__init__()
        self.own = OwnInput(tables.own, config.inputs)
        self.static = None if tables.static is None else StaticInput(*tables.static, config.inputs)
        n_layers, D = elmo or (0, 0)
        self.elmo = ElmoInput(n_layers, config.elmo) if elmo else None
        self.elmo_above = ElmoInput(n_layers, config.elmo) if elmo and config.elmo.at_output else None
        self.dropout = UnitDropout(config.dropout)
        width = self.own.width + (self.static.width if self.static else 0) + D + n_more
        self.units = None if n_units is None else nn.Sequential(nn.Linear(width, n_units), nn.ReLU(), self.dropout)
        self.lstm = BiLSTM(n_units or width, config.cell_size, config.n_layers, config.dropout)
        self.width = 2 * config.cell_size + (D if self.elmo_above else 0)
        self._mix_l2 = config.elmo.mix_l2

    def forward(self, batch: Batch, more: Tensor | None = None) -> Tensor:
        """Float (B, T, width); values at padding are meaningless.

        Args:
            more: float (B, T, n_more).
        """
        x = self.own(batch)
        if self.static is not None:
            x = torch.cat([self.static(batch.static_ids), x], dim=2)
        if more is not None:
            x = torch.cat([more, x], dim=2)
        if self.elmo is not None:
            x = torch.cat([self.elmo(batch.layers, batch.mask), x], dim=2)
        x = self.dropout(x)
        if self.units is not None:
            x = self.units(x)
        y = self.lstm(x, batch.mask)
        if self.elmo_above is not None:
            y = torch.cat([self.elmo_above(batch.layers, batch.mask), y], dim=2)
        encoded: Tensor = self.dropout(y)
        return encoded

    def penalty(self) -> Tensor:
        """Lambda times the squared weights of the mixes (section 3.3)."""
        mixes = [part.mix.weights for part in (self.elmo, self.elmo_above) if part is not None]
        return self._mix_l2 * torch.stack([w.square().sum() for w in mixes]).sum() if mixes else torch.zeros(())
