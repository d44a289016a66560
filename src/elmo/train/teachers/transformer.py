"""A Transformer encoder as teacher: BERT (Devlin et al. 2019) and MPNet (Song et al. 2020), read from a folder of transformers.

The forward pass in plain PyTorch, without dropout:

    x0 = LayerNorm(piece + position (+ segment 0))
    a  = LayerNorm(x + W_o attention(x)),   attention = softmax(Q K^T / sqrt(d) (+ MPNet's bias of relative positions)) V
    x' = LayerNorm(a + W_down gelu(W_up a))

Layer 0 of the teacher is the embedding of a word's pieces alone: it has neither a context nor a position. A word's vector is the
mean over its pieces.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from pydantic import BaseModel, Field, PositiveInt, ValidationError
from torch import Tensor
from torch.nn import functional

from elmo.checkpoints.tensors import check_tensors, read_tensors
from elmo.errors import CheckpointError, setting_name
from elmo.model.kernels.products import known_precision
from elmo.storage.json_files import require_json
from elmo.train.teachers.pieces import TOKENIZER_FILE, Pieces, PieceTokenizer
from elmo.train.teachers.teacher import TaughtSentence, Teacher, not_known

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
_PIECES_AT_ONCE = 4096  # of a batch, with padding
_OUTER_NAMES = (
    "",
    "bert.",
    "mpnet.",
    "model.",
    "0.auto_model.",
)  # what the weights of an encoder within a model begin with
_N_BUCKETS, _FARTHEST = 32, 128  # MPNet's relative positions
_ADVICE = "give the folder of a BertModel or an MPNetModel as transformers saves it"


class TransformerConfig(BaseModel, frozen=True):
    """The part of `config.json` that the forward pass needs; other keys are not read."""

    model_type: Literal["bert", "mpnet"]
    vocab_size: PositiveInt
    hidden_size: PositiveInt
    num_hidden_layers: PositiveInt
    num_attention_heads: PositiveInt
    intermediate_size: PositiveInt
    max_position_embeddings: PositiveInt
    hidden_act: Literal["gelu"] = "gelu"
    layer_norm_eps: float = Field(1e-12, gt=0)
    type_vocab_size: PositiveInt = 2
    position_embedding_type: Literal["absolute"] = "absolute"

    @property
    def first_position(self) -> int:
        """The number of the position of the first piece: MPNet keeps two for padding."""
        return 2 if self.model_type == "mpnet" else 0


class _Names(NamedTuple):
    """What the parts of a layer are called in the files of an architecture."""

    query: str
    key: str
    value: str
    after: str  # of the attention
    attention_norm: str
    up: str = "intermediate.dense"
    down: str = "output.dense"
    norm: str = "output.LayerNorm"


_NAMES = {
    "bert": _Names(
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "attention.output.LayerNorm",
    ),
    "mpnet": _Names(
        "attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o", "attention.LayerNorm"
    ),
}


class Transformer(Teacher):
    """An encoder of the architecture BERT or MPNet.

    Args:
        folder: `config.json`, `model.safetensors` and `tokenizer.json`.
        precision: of matrix products; None: float32.
    Raises:
        ConfigError: the library tokenizers is not installed.
        CheckpointError: a file is missing or damaged, or it is another architecture.
    """

    def __init__(self, folder: Path, precision: torch.dtype | None = None) -> None:
        self._folder = folder
        self._config = config = read_config(folder)
        self._names = _NAMES[config.model_type]
        known = _read_weights(folder / WEIGHTS_FILE, config)
        self._dtype = known_precision(precision, torch.device("cpu")) or torch.float32
        self._weights = {name: t.to(self._dtype) for name, t in known.items()}
        longest = config.max_position_embeddings - config.first_position - 2
        self._tokenizer = PieceTokenizer(folder / TOKENIZER_FILE, longest)
        if self._tokenizer.n_ids > config.vocab_size:
            raise CheckpointError(
                f"{folder}: {TOKENIZER_FILE} knows {self._tokenizer.n_ids:,} pieces, {CONFIG_FILE} {config.vocab_size:,}; "
                "they belong to different models"
            )
        self.n_layers, self.size = config.num_hidden_layers + 1, config.hidden_size

    @torch.no_grad()
    def read(self, sentences: Sequence[Sequence[str]]) -> list[TaughtSentence]:
        """See `Teacher.read`. Sentences that are too long to be read at once are cut between words."""
        split = self._tokenizer.split(sentences)
        found = [not_known(self.n_layers, len(words), self.size) for words in sentences]
        runs = [(number, run) for number, runs in enumerate(split) for run in runs]
        runs.sort(key=lambda pair: -len(pair[1].ids))  # stable
        while runs:
            longest = len(runs[0][1].ids) + 2
            batch, runs = runs[: max(1, _PIECES_AT_ONCE // longest)], runs[max(1, _PIECES_AT_ONCE // longest) :]
            layers = self._layers_of([run for _, run in batch])
            for row, (number, run) in enumerate(batch):
                self._add_words(found[number], layers[:, row, 1 : len(run.ids) + 1], run)
        return found

    def keep(self, folder: Path) -> None:
        """See `Teacher.keep`."""
        folder.mkdir()
        for name in (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE):
            shutil.copyfile(self._folder / name, folder / name)

    def _add_words(self, found: TaughtSentence, layers: Tensor, run: Pieces) -> None:
        """Set the vectors of the words of a run, the means over their pieces: layers float (L, pieces, D)."""
        word_of = torch.tensor(run.word_of)
        words, index, counts = torch.unique_consecutive(word_of, return_inverse=True, return_counts=True)
        sums = torch.zeros(self.n_layers, len(words), self.size).index_add_(1, index, layers.float())
        found.layers[:, words] = sums / counts[:, None]
        found.known[words] = True

    def _layers_of(self, runs: Sequence[Pieces]) -> Tensor:
        """All layers of some runs, special pieces around them: float (L, B, T, D)."""
        begin, end = self._tokenizer.begin, self._tokenizer.end
        rows = [[begin, *run.ids, end] for run in runs]
        T = max(map(len, rows))
        ids = torch.tensor([row + [0] * (T - len(row)) for row in rows])  # (B, T)
        is_piece = torch.tensor([[True] * len(row) + [False] * (T - len(row)) for row in rows])  # (B, T)
        return self.forward(ids, is_piece)

    def whole_words(self) -> tuple[list[str], Tensor]:
        """The pieces that are whole words of visible ASCII characters, in their order, and their embeddings: float (n, D)."""
        words = self._tokenizer.whole_words()
        table = self._weights["embeddings.word_embeddings.weight"].float()
        return list(words), table[torch.tensor(list(words.values()), dtype=torch.int64)]

    @torch.no_grad()
    def forward(self, ids: Tensor, is_piece: Tensor) -> Tensor:
        """The embedding of the pieces alone, then the output of each layer.

        Args:
            ids: int64 (B, T), pieces with the special ones. is_piece: bool (B, T), False: padding.
        Returns:
            float (L, B, T, D), in the precision of the products.
        """
        config, w = self._config, self._weights
        B, T = ids.shape
        pieces = w["embeddings.word_embeddings.weight"][ids]  # (B, T, D)
        first = config.first_position
        x = pieces + w["embeddings.position_embeddings.weight"][first : first + T]
        if config.model_type == "bert":
            x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = self._normalised(x, "embeddings.LayerNorm")
        bias = torch.zeros(B, 1, 1, T, dtype=self._dtype).masked_fill(~is_piece[:, None, None, :], -torch.inf)
        if config.model_type == "mpnet":
            buckets = relative_buckets(T)  # (T, T)
            bias = bias + w["encoder.relative_attention_bias.weight"][buckets].permute(2, 0, 1)  # (B, heads, T, T)
        layers = [pieces]
        for number in range(config.num_hidden_layers):
            x = self._layer(x, bias, f"encoder.layer.{number}.")
            layers.append(x)
        return torch.stack(layers)

    def _layer(self, x: Tensor, bias: Tensor, layer: str) -> Tensor:
        """One layer: x float (B, T, D), bias float (B, heads or 1, T or 1, T) of the attention."""
        names, n_heads = self._names, self._config.num_attention_heads
        B, T, D = x.shape
        query, key, value = (
            self._linear(x, layer + name).view(B, T, n_heads, D // n_heads).transpose(1, 2)
            for name in (names.query, names.key, names.value)
        )
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)  # (B, heads, T, D / heads)
        seen = self._linear(seen.transpose(1, 2).reshape(B, T, D), layer + names.after)
        x = self._normalised(x + seen, layer + names.attention_norm)
        inner = functional.gelu(self._linear(x, layer + names.up))
        return self._normalised(x + self._linear(inner, layer + names.down), layer + names.norm)

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normalised(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.layer_norm(x, weight.shape, weight, bias, self._config.layer_norm_eps)


def relative_buckets(n: int) -> Tensor:
    """MPNet's bucket of the distance from each position to each other: int64 (n, n); near ones exact, far ones by logarithm."""
    position = torch.arange(n)
    distance = position[:, None] - position[None, :]  # of the query from the key
    half = _N_BUCKETS // 2
    exact = half // 2
    n_apart = distance.abs()
    far = exact + (
        torch.log(n_apart.clamp_min(1).float() / exact) / torch.log(torch.tensor(_FARTHEST / exact)) * (half - exact)
    ).to(torch.int64)
    return torch.where(distance < 0, half, 0) + torch.where(n_apart < exact, n_apart, far.clamp_max(half - 1))


def read_config(folder: Path) -> TransformerConfig:
    """The settings of the encoder in a folder.

    Raises:
        CheckpointError: the file is missing, or it is another architecture.
    """
    path = folder / CONFIG_FILE
    given = require_json(path, _ADVICE, CheckpointError)
    try:
        config = TransformerConfig.model_validate(given)
    except ValidationError as error:
        faults = "; ".join(
            f"{setting_name(e['loc']) or 'config'}: {e['msg']} (got {e['input']!r:.60})" for e in error.errors()
        )
        raise CheckpointError(f"{path}: {faults}; {_ADVICE}") from error
    if config.hidden_size % config.num_attention_heads:
        raise CheckpointError(
            f"{path}: hidden_size {config.hidden_size} is no multiple of num_attention_heads {config.num_attention_heads}"
        )
    if config.max_position_embeddings - config.first_position < 3:
        raise CheckpointError(
            f"{path}: max_position_embeddings {config.max_position_embeddings} leaves no room for a piece"
        )
    return config


def _read_weights(path: Path, config: TransformerConfig) -> dict[str, Tensor]:
    """The tensors of the encoder, checked; those of heads above it are left out.

    Raises:
        CheckpointError: one is missing or of another shape; the file is damaged.
    """
    found = read_tensors(path)
    expected = shapes_of(config)
    outer = next((o for o in _OUTER_NAMES if f"{o}embeddings.word_embeddings.weight" in found), "")
    inner = {name.removeprefix(outer): t for name, t in found.items() if name.startswith(outer)}
    encoder = {name: t for name, t in inner.items() if name in expected}
    check_tensors(expected, encoder, str(path), _ADVICE)
    return encoder


def shapes_of(config: TransformerConfig) -> Mapping[str, tuple[int, ...]]:
    """The shape of each tensor of an encoder."""
    D, F, names = config.hidden_size, config.intermediate_size, _NAMES[config.model_type]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config.vocab_size, D),
        "embeddings.position_embeddings.weight": (config.max_position_embeddings, D),
    }
    if config.model_type == "bert":
        shapes["embeddings.token_type_embeddings.weight"] = (config.type_vocab_size, D)
    else:
        shapes["encoder.relative_attention_bias.weight"] = (_N_BUCKETS, config.num_attention_heads)
    norms = ["embeddings.LayerNorm"]
    for number in range(config.num_hidden_layers):
        layer = f"encoder.layer.{number}."
        norms += [layer + names.attention_norm, layer + names.norm]
        squares = (names.query, names.key, names.value, names.after)
        for name, shape in [*((name, (D, D)) for name in squares), (names.up, (F, D)), (names.down, (D, F))]:
            shapes[f"{layer}{name}.weight"], shapes[f"{layer}{name}.bias"] = shape, shape[:1]
    for norm in norms:
        shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = (D,)
    return shapes
