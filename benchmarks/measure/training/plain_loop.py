"""The program that `pretrain.py` is compared with: pretraining in plain PyTorch, as AllenNLP implements ELMo.

The char CNN reads every token with all of its characters, the LSTM is a Python loop over time with autograd, softmax rows are
gathered with autograd, the optimizer updates whole matrices. The formulas are those of `elmo`; only the implementation differs.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.model.config import BiLMConfig
from elmo.model.output.softmax import Negatives, expected_count


class PlainCell(nn.Module):
    """One layer of one direction, as AllenNLP's LstmCellWithProjection."""

    def __init__(self, P: int, H: int) -> None:
        super().__init__()
        self.H = H
        self.input_linearity = nn.Linear(P, 4 * H, bias=False)
        self.state_linearity = nn.Linear(P, 4 * H)
        self.state_projection = nn.Linear(H, P, bias=False)

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        H, outputs = self.H, []
        for t in range(x.shape[1]):
            gates = self.input_linearity(x[:, t]) + self.state_linearity(hidden)
            i, f = torch.sigmoid(gates[:, :H]), torch.sigmoid(gates[:, H : 2 * H])
            j, o = torch.tanh(gates[:, 2 * H : 3 * H]), torch.sigmoid(gates[:, 3 * H :])
            cell = torch.clamp(i * j + f * cell, -3, 3)
            hidden = torch.clamp(self.state_projection(o * torch.tanh(cell)), -3, 3)
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), hidden, cell


class PlainBiLM(nn.Module):
    """Character CNN, two stacks, one softmax."""

    def __init__(self, config: BiLMConfig, n_words: int) -> None:
        super().__init__()
        cnn, P, H = config.char_cnn, config.encoder.projection_size, config.encoder.cell_size
        assert cnn is not None
        self.embedding = nn.Embedding(262, cnn.embedding_size)
        self.convolutions = nn.ModuleList(nn.Conv1d(cnn.embedding_size, number, width) for width, number in cnn.filters)
        F = cnn.n_filters
        self.highways = nn.ModuleList(nn.Linear(F, 2 * F) for _ in range(cnn.n_highway))
        self.projection = nn.Linear(F, P)
        self.stacks = nn.ModuleList(
            nn.ModuleList(PlainCell(P, H) for _ in range(config.encoder.n_layers)) for _ in range(2)
        )
        self.softmax_weight = nn.Parameter(torch.randn(n_words, P) * P**-0.5)
        self.softmax_bias = nn.Parameter(torch.zeros(n_words))

    def token_layer(self, char_ids: Tensor) -> Tensor:
        """int64 (B, T, 50) -> float (B, T, P)."""
        B, T, C = char_ids.shape
        embedded = self.embedding(char_ids.view(B * T, C)).transpose(1, 2)  # (B * T, E, C)
        x = torch.cat([functional.relu(c(embedded).amax(dim=-1)) for c in self.convolutions], dim=1)  # (B * T, F)
        for highway in self.highways:
            changed, gate = highway(x).chunk(2, dim=1)
            gate = torch.sigmoid(gate)
            x = gate * x + (1 - gate) * functional.relu(changed)
        return self.projection(x).view(B, T, -1)

    def loss(
        self, char_ids: list[Tensor], targets: list[Tensor], negatives: list[Negatives], state: list[list[Tensor]]
    ) -> tuple[Tensor, list[list[Tensor]]]:
        """Mean loss of both directions over a window, and the state after it."""
        losses, after = [], []
        for direction, stack in enumerate(self.stacks):
            x = self.token_layer(char_ids[direction])
            own = []
            for number, cell in enumerate(stack):  # type: ignore[arg-type]
                output, hidden, memory = cell(functional.dropout(x, 0.1), *state[2 * direction + number])
                x = output + x if number else output
                own.append([hidden.detach(), memory.detach()])
            after += own
            flat = functional.dropout(x, 0.1).reshape(-1, x.shape[2])
            losses.append(self._sampled(flat, targets[direction].reshape(-1), negatives[direction]).mean())
        return 0.5 * (losses[0] + losses[1]), after

    def _sampled(self, x: Tensor, targets: Tensor, negatives: Negatives) -> Tensor:
        """TensorFlow's sampled softmax, by gathering rows."""
        right = (x * self.softmax_weight[targets]).sum(1) + self.softmax_bias[targets]
        right = right - expected_count(targets, len(self.softmax_bias), negatives.n_tries).float().log()
        wrong = x @ self.softmax_weight[negatives.ids].t() + self.softmax_bias[negatives.ids]
        wrong = wrong - negatives.expected_counts.log()
        wrong = wrong.masked_fill(targets[:, None] == negatives.ids[None], -torch.inf)
        return torch.logsumexp(torch.cat([right[:, None], wrong], dim=1), dim=1) - right
