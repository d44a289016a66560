"""The token layer is changed linearly, so that mean vectors of sentences are as similar as the teacher finds the sentences.

Mean vectors of tokens have large cosines whatever the sentences say, since all tokens share some directions (Mu and Viswanath
2018). So each token vector x becomes x', and the first LSTM layer, which reads it, changes with it:

    x' = A (x - m)        W' = W A^-1,  b' = b + W m,  so that  W' x' + b' = W x + b

Every layer above and every probability stays what it was. A and m minimise, over a sample of the corpus,

    mean over pairs of sentences of (cosine of the means of x' - cosine of the means of the teacher's uppermost layer)^2
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import ConfigError
from elmo.model.bilm import BiLM
from elmo.model.encoders.lstm.lstm import LSTMLayer, LSTMStack
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.text.shards import EncodedText
from elmo.train.config import PretrainConfig
from elmo.train.teachers.teacher import Teacher, normalised

_STEPS, _BATCH, _RATE = 400, 512, 0.01  # of Adam; the rate falls to 0 in a straight line
_SMALLEST = 0.3  # singular value of A before it is scaled: numbers of low precision must survive the way back
_AT_ONCE = 64  # sentences read together
_SHORTEST, _LONGEST = 4, 60  # words of a sentence in the sample


class TokenMap(NamedTuple):
    """x -> matrix (x - shift)."""

    matrix: Tensor  # float (P, P)
    shift: Tensor  # float (P,)


def check_sentence_cosines(recipe: PretrainConfig) -> None:
    """Refuse a run whose token layer cannot be changed and undone.

    Raises:
        ConfigError: the layer above is no LSTM, the softmax has the weights of the token layer, or that has no projection.
    """
    if recipe.teacher is None or not recipe.teacher.sentence_cosines:
        return
    cnn = recipe.bilm.char_cnn
    projected = cnn is None or cnn.projected
    if not isinstance(recipe.bilm.encoder, LSTMConfig) or recipe.tied or not projected:
        raise ConfigError(
            "teacher.sentence_cosines needs LSTM layers, a token layer with a projection and a softmax of its own; leave it out"
        )


def spread_sentences(text: EncodedText, number: int) -> list[list[str]]:
    """So many sentences of a text at equal distances, or all if it has fewer; none that is held out."""
    step = max(1, text.n_sentences // max(1, number))
    held_out = {*text.heldout.tolist()}
    return [text.sentence(i) for i in range(0, text.n_sentences, step)[:number] if i not in held_out]


def fit_sentence_cosines(model: SavedModel, teacher: Teacher, sentences: Sequence[Sequence[str]]) -> None:
    """Change the token layer of a model, which is on the CPU, and its first LSTM layer; the same call gives the same weights.

    Args:
        sentences: of the corpus; those of 4 to 60 words are used, and with fewer than two of them nothing changes.
    """
    sample = [words for words in sentences if _SHORTEST <= len(words) <= _LONGEST]
    own, of_teacher = [], []
    with torch.no_grad():
        for start in range(0, len(sample), _AT_ONCE):
            batch = sample[start : start + _AT_ONCE]
            for words, taught in zip(batch, teacher.read(batch), strict=True):
                if not taught.known.any():
                    continue
                tokens = model.bilm.token_layer(torch.from_numpy(model.word_encoder.encode(words)))  # (n, P)
                own.append(tokens.mean(dim=0))
                of_teacher.append(normalised(taught.layers[-1][taught.known]).mean(dim=0))
    if len(own) < 2:
        return
    found = fitted_map(torch.stack(own), torch.stack(of_teacher))
    change_token_layer(model.bilm, found)


def fitted_map(means: Tensor, of_teacher: Tensor) -> TokenMap:
    """The map under which cosines are nearest to those of the teacher.

    Args:
        means: float (S, P), the student's, of each sentence. of_teacher: float (S, D).
    """
    S, P = means.shape
    right = functional.normalize(of_teacher, dim=1)
    matrix, shift = nn.Parameter(torch.eye(P)), nn.Parameter(means.mean(dim=0).clone())
    optimizer = torch.optim.Adam([matrix, shift], lr=_RATE)
    random = torch.Generator().manual_seed(0)
    differ = ~torch.eye(min(_BATCH, S), dtype=torch.bool)
    for step in range(_STEPS):
        drawn = torch.randperm(S, generator=random)[:_BATCH]
        with torch.enable_grad():
            x = functional.normalize((means[drawn] - shift) @ matrix.t(), dim=1)
            loss = (x @ x.t() - right[drawn] @ right[drawn].t())[differ].square().mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        optimizer.param_groups[0]["lr"] = _RATE * (1 - step / _STEPS)
        optimizer.step()
    u, s, v = torch.linalg.svd(matrix.detach().double())
    kept = u @ torch.diag(s.clamp_min(_SMALLEST)) @ v
    centred = means.double() - shift.detach().double()
    kept *= means.double().norm() / (centred @ kept.t()).norm()  # the means stay as long as they were
    return TokenMap(kept, shift.detach().double())


@torch.no_grad()
def change_token_layer(bilm: BiLM, found: TokenMap) -> None:
    """Apply a map to the token layer of a biLM in place, and undo it where both directions read that layer."""
    matrix, shift = found.matrix.double(), found.shift.double()
    projections = [part.projection for part in (bilm.char_cnn, bilm.word_embedding) if part is not None]
    for projection in projections:
        assert isinstance(projection, nn.Linear)
        if projection.bias is not None:
            projection.bias.copy_(matrix @ (projection.bias.double() - shift))
        projection.weight.copy_(matrix @ projection.weight.double())
    inverse = torch.linalg.inv(matrix)
    for direction in (bilm.forward_lm, bilm.backward_lm):
        assert isinstance(direction, LSTMStack)
        first = direction.layers[0]
        assert isinstance(first, LSTMLayer)
        weight = first.input_weight.double()
        first.bias.add_(weight @ shift)
        first.input_weight.copy_(weight @ inverse)
