"""The tensors of an ELMoForManyLangs model, and our parameters that they hold (Che et al. 2018).

Its encoder is AllenNLP's, with the same names.

- A word's row begins with the id of `<eow>` and ends with that of `<bow>`: its program swaps the two.
- LSTM gates come in the order i, f, j, o, and the bias is used as it is stored (no forget bias on top).
- One projection reads the word's vector and the highways' output side by side; a highway's gate says how much is *kept*.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from elmo.checkpoints.formats.checkpoint_format import lstm_of
from elmo.checkpoints.saved_model import SavedModel
from elmo.model.config import BiLMConfig
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.text.words.characters import Boundaries
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import SPECIALS
from elmo.text.words.word_encoder import input_word

BOUNDARIES = Boundaries("<bos>", "<eos>")
WORD_MARKS = ("<bos>", "<eos>", "<oov>")  # the rows of our SPECIALS
CHARACTER_MARKS = ("<oov>", "<bos>", "<eos>", "<eow>", "<bow>", "<pad>")  # in the order of our ids; eow and bow swapped
Dictionary = dict[str, int]  # item -> row

_WORD_TABLE = "word_emb_layer.embedding.weight"
_CHARACTER_TABLE = "char_emb_layer.embedding.weight"


def token_shapes(
    config: BiLMConfig, words: Dictionary | None, characters: Dictionary | None, found: Mapping[str, Tensor]
) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the tensors of the token layer.

    Args:
        words, characters: the dictionaries; None: the model has none.
        found: the tensors that are there: a table may have more rows than its dictionary asks for.
    """
    cnn, word = config.char_cnn, config.word_embedding
    shapes: dict[str, tuple[int, ...]] = {}
    for name, items, size in (
        (_WORD_TABLE, words, word.size if word else 0),
        (_CHARACTER_TABLE, characters, cnn.embedding_size if cnn else 0),
    ):
        if items is not None:
            n_rows = found[name].shape[:1] if name in found else ()
            shapes[name] = (max([1 + max(items.values()), *n_rows]), size)
    F = 0
    if cnn is not None:
        F = cnn.n_filters
        for i, (width, number) in enumerate(cnn.filters):
            shapes[f"convolutions.{i}.weight"] = (number, cnn.embedding_size, width)
            shapes[f"convolutions.{i}.bias"] = (number,)
        for i in range(cnn.n_highway):
            shapes[f"highways._layers.{i}.weight"] = (2 * F, F)
            shapes[f"highways._layers.{i}.bias"] = (2 * F,)
    P = config.projection_size
    return shapes | {"projection.weight": (P, (word.size if word else 0) + F), "projection.bias": (P,)}


def encoder_shapes(lstm: LSTMConfig) -> dict[str, tuple[int, ...]]:
    """Name -> shape of the tensors of both directions."""
    P, H = lstm.projection_size, lstm.cell_size
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, _ in _layers(lstm):
        shapes[f"{layer}.input_linearity.weight"] = (4 * H, P)
        shapes[f"{layer}.state_linearity.weight"] = (4 * H, P)
        shapes[f"{layer}.state_linearity.bias"] = (4 * H,)
        shapes[f"{layer}.state_projection.weight"] = (P, H)
    return shapes


def token_parameters(
    config: BiLMConfig,
    theirs: Mapping[str, Tensor],
    lexicon: Lexicon,
    words: Dictionary | None,
    characters: Dictionary | None,
) -> Iterator[tuple[str, Tensor]]:
    """Our parameters of the token layer, from tensors of `token_shapes`."""
    cnn, projection = config.char_cnn, theirs["projection.weight"]
    D = 0 if config.word_embedding is None else config.word_embedding.size
    if words is not None and lexicon.input_words is not None:
        names = [*WORD_MARKS, *(_item_of(word, BOUNDARIES) for word in lexicon.input_words.words[len(SPECIALS) :])]
        rows = [words[name] for name in names]
        yield "word_embedding.embedding.weight", _behind_zeros(theirs[_WORD_TABLE][rows])
        yield "word_embedding.projection.weight", projection[:, :D]
    yield f"{'word_embedding' if cnn is None else 'char_cnn'}.projection.bias", theirs["projection.bias"]
    if cnn is None or characters is None or lexicon.alphabet is None:
        return
    rows = [characters[item] for item in (*lexicon.alphabet.characters, *CHARACTER_MARKS)]
    yield "char_cnn.embedding.weight", _behind_zeros(theirs[_CHARACTER_TABLE][rows])
    for i in range(len(cnn.filters)):
        yield f"char_cnn.conv_weights.{i}", theirs[f"convolutions.{i}.weight"].transpose(1, 2)
        yield f"char_cnn.conv_biases.{i}", theirs[f"convolutions.{i}.bias"]
    for i in range(cnn.n_highway):
        for kind in ("weight", "bias"):
            transform, kept = theirs[f"highways._layers.{i}.{kind}"].chunk(2)
            yield f"char_cnn.highways.{i}.transform.{kind}", transform
            yield f"char_cnn.highways.{i}.carry.{kind}", -kept  # ours is the gate of what is changed
    yield "char_cnn.projection.weight", projection[:, D:]


def token_tensors(model: SavedModel) -> tuple[dict[str, Tensor], list[str], list[str]]:
    """The inverse of `token_parameters`: the tensors, and the entries of both dictionaries in the order of their rows."""
    config, (alphabet, words) = model.bilm.config, model.lexicon
    cnn, p = config.char_cnn, _values(model)
    token: dict[str, Tensor] = {}
    items: list[str] = []
    characters: list[str] = []
    projection = []
    if words is not None:
        names = [_item_of(word, model.config.boundaries) for word in words.words[len(SPECIALS) :]]
        items = [*WORD_MARKS, *names]
        table = p["word_embedding.embedding.weight"][1:]  # without the row of padding tokens
        if "<pad>" not in names:  # the program asks for it, for padding tokens
            items, table = [*items, "<pad>"], torch.cat([table, table.new_zeros(1, table.shape[1])])
        token[_WORD_TABLE] = table
        projection.append(p["word_embedding.projection.weight"])
    if alphabet is not None and cnn is not None:
        characters = [*alphabet.characters, *CHARACTER_MARKS]
        token[_CHARACTER_TABLE] = p["char_cnn.embedding.weight"][1:]
        for i in range(len(cnn.filters)):
            token[f"convolutions.{i}.weight"] = p[f"char_cnn.conv_weights.{i}"].transpose(1, 2)
            token[f"convolutions.{i}.bias"] = p[f"char_cnn.conv_biases.{i}"]
        for i in range(cnn.n_highway):
            for kind in ("weight", "bias"):
                halves = (p[f"char_cnn.highways.{i}.transform.{kind}"], -p[f"char_cnn.highways.{i}.carry.{kind}"])
                token[f"highways._layers.{i}.{kind}"] = torch.cat(halves)
        projection.append(p["char_cnn.projection.weight"])
    token["projection.weight"] = torch.cat(projection, dim=1)
    token["projection.bias"] = p[f"{'word_embedding' if cnn is None else 'char_cnn'}.projection.bias"]
    return token, items, characters


def encoder_parameters(lstm: LSTMConfig, theirs: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Our parameters of both directions, from tensors of `encoder_shapes`."""
    for theirs_layer, ours_layer in _layers(lstm):
        yield f"{ours_layer}.input_weight", _swap_gates(theirs[f"{theirs_layer}.input_linearity.weight"])
        yield f"{ours_layer}.hidden_weight", _swap_gates(theirs[f"{theirs_layer}.state_linearity.weight"])
        bias = _swap_gates(theirs[f"{theirs_layer}.state_linearity.bias"])
        if lstm.forget_bias:  # stored apart with us, in the bias there
            bias.chunk(4)[2].sub_(lstm.forget_bias)
        yield f"{ours_layer}.bias", bias
        yield f"{ours_layer}.projection", theirs[f"{theirs_layer}.state_projection.weight"]


def encoder_tensors(model: SavedModel) -> dict[str, Tensor]:
    """The inverse of `encoder_parameters`."""
    lstm, ours = lstm_of(model.bilm.config), _values(model)
    tensors = {}
    for theirs_layer, ours_layer in _layers(lstm):
        bias = ours[f"{ours_layer}.bias"].clone()
        if lstm.forget_bias:
            bias.chunk(4)[2].add_(lstm.forget_bias)
        tensors[f"{theirs_layer}.input_linearity.weight"] = _swap_gates(ours[f"{ours_layer}.input_weight"])
        tensors[f"{theirs_layer}.state_linearity.weight"] = _swap_gates(ours[f"{ours_layer}.hidden_weight"])
        tensors[f"{theirs_layer}.state_linearity.bias"] = _swap_gates(bias)
        tensors[f"{theirs_layer}.state_projection.weight"] = ours[f"{ours_layer}.projection"]
    return tensors


def _values(model: SavedModel) -> dict[str, Tensor]:
    return {name: parameter.detach().cpu() for name, parameter in model.bilm.named_parameters()}


def _layers(lstm: LSTMConfig) -> Iterator[tuple[str, str]]:
    for direction in ("forward", "backward"):
        for i in range(lstm.n_layers):
            yield f"{direction}_layer_{i}", f"{direction}_lm.layers.{i}"


def _swap_gates(t: Tensor) -> Tensor:
    """Blocks i, f, j, o -> i, j, f, o; its own inverse."""
    a, b, c, d = t.chunk(4)
    return torch.cat([a, c, b, d])


def _behind_zeros(table: Tensor) -> Tensor:
    """A row of zeros in front, for padding tokens."""
    return torch.cat([table.new_zeros(1, table.shape[1]), table])


def _item_of(word: str, boundaries: Boundaries) -> str:
    """The entry of an input word in `word.dic`: the inverse of `input_word`."""
    return word.removeprefix("\0") if input_word(word.removeprefix("\0"), boundaries) == word else word
