"""A teacher's layers are learned beside the language model (Hinton et al. 2015; layers of it: Romero et al. 2015).

Each layer of the student, both directions side by side, is mapped linearly onto some layers of the teacher; the maps are learned
with the student and are no part of it. A word that both directions read in a window costs

    language_model * nats  +  weight * mean over the student's layers of |map(student) - teacher|^2 / size

where each vector of the teacher has mean 0 and variance 1, so that a map that knows nothing costs `weight`. Maps leave open how
far apart vectors of the student are. So on request the cosines between the sentences of a window, means of their words in a
layer, are to be those of the teacher's uppermost layer (Park et al. 2019, relational distillation):

    + similarity * mean over the student's layers and pairs of different sentences of (cosine of the student - of the teacher)^2
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import linear_in
from elmo.train.data.taught_words import TaughtWords
from elmo.train.data.window_tensors import WindowTensors
from elmo.train.objectives.objective import AroundObjective, Objective, StepWeights
from elmo.train.objectives.window_layers import WindowLayers
from elmo.train.teachers.settings import TeacherConfig


def cosines_of_means(vectors: Tensor, group: Tensor) -> Tensor:
    """The cosines between the means of groups of vectors: float (M, D), int64 (M,), rising -> float (S, S)."""
    _, index = torch.unique_consecutive(group, return_inverse=True)
    n_groups = int(index[-1]) + 1 if len(index) else 0
    sums = vectors.new_zeros(n_groups, vectors.shape[1]).index_add(0, index, vectors)
    unit = functional.normalize(sums, dim=1)
    return unit @ unit.t()


TERMS = ("teacher_distance", "similarity_difference", "language_model_nats")  # unweighted


class TaughtObjective(AroundObjective):
    """The inner objective and the distance from a teacher's layers.

    Args:
        inner: what the text is predicted by.
        config: the weights of both.
        layers: of the teacher, for each layer of the student.
        sizes: of each layer of the student, one direction; of each layer of the teacher.
        precision: of matrix products; None: that of the weights.
    """

    def __init__(
        self,
        inner: Objective,
        config: TeacherConfig,
        layers: Sequence[Sequence[int]],
        sizes: tuple[int, int],
        precision: torch.dtype | None,
    ) -> None:
        super().__init__(inner, counts=config.language_model > 0)
        self._config, self._precision = config, precision
        used = sorted({number for own in layers for number in own})
        self._columns = [[used.index(number) for number in own] for own in layers]
        of_student, of_teacher = sizes
        self.maps = [  # the token layer is the same in both directions
            nn.Parameter(torch.zeros(len(own) * of_teacher, of_student * (1 if number == 0 else 2) + 1))
            for number, own in enumerate(layers)
        ]
        self.parameters = [*self.maps, *self.parameters]
        shown = (True, config.similarity > 0, config.language_model > 0)
        self.terms = [name for name, is_shown in zip(TERMS, shown, strict=True) if is_shown]

    def loss(
        self, layers: WindowLayers, given: WindowTensors, state: BiLMState, weights: StepWeights
    ) -> tuple[Tensor, ...]:
        """See `Objective.loss`; the distance of a word counts where the forward and where the backward direction reads it."""
        taught = given.taught
        assert taught is not None
        distances = self._distances(layers, given)  # (M,)
        cost, terms = self._config.weight * distances, [_sum_and_count(distances)]
        if self._config.similarity > 0:
            differences = self._differences_of_cosines(layers, taught)
            cost = cost + self._config.similarity * differences.sum() / max(1, len(differences))
            terms.append(_sum_and_count(differences))
        n = given.where.shape[1] * given.where.shape[2]
        forward, backward = (cost.new_zeros(n).index_add(0, where, cost) for where in (taught.ahead, taught.behind))
        if self._config.language_model == 0:
            return forward, backward, *terms
        nats = self._inner.loss(layers, given, state, weights)
        counts = torch.ones_like(nats[0]) if taught.is_predicted is None else taught.is_predicted.to(nats[0].dtype)
        weight = self._config.language_model
        both = torch.stack([(nats[0] * counts).sum() + (nats[1] * counts).sum(), 2 * counts.sum()]).detach()
        return forward + weight * counts * nats[0], backward + weight * counts * nats[1], *terms, both

    def _differences_of_cosines(self, layers: WindowLayers, taught: TaughtWords) -> Tensor:
        """Squared differences between the student's and the teacher's cosines of two different sentences, means over layers.

        Float (S * (S - 1),).
        """
        right = cosines_of_means(taught.layers[:, -1], taught.sentence)  # (S, S)
        each = [
            (cosines_of_means(_vectors_of(layers, taught, number), taught.sentence) - right).square()
            for number in range(len(self.maps))
        ]
        differ = ~torch.eye(len(right), dtype=torch.bool, device=right.device)
        return torch.stack(each).mean(dim=0)[differ]

    def _distances(self, layers: WindowLayers, given: WindowTensors) -> Tensor:
        """Of each word the mean over the student's layers of the squared distance, by the size of the teacher's layers: (M,)."""
        taught = given.taught
        assert taught is not None
        each = []
        for number, (columns, map_) in enumerate(zip(self._columns, self.maps, strict=True)):
            vectors = _vectors_of(layers, taught, number)
            guess = linear_in(vectors, map_[:, :-1], map_[:, -1], self._precision)  # (M, K * D)
            right = taught.layers[:, columns].flatten(1)
            each.append((guess - right).square().mean(dim=1))
        return torch.stack(each).mean(dim=0)

    def own_tensors(self) -> dict[str, Tensor]:
        """The maps, which a checkpoint keeps."""
        return {f"map.{number}": map_.detach() for number, map_ in enumerate(self.maps)}


def _vectors_of(layers: WindowLayers, taught: TaughtWords, number: int) -> Tensor:
    """A layer of the student at the taught words, both directions side by side; of the token layer, one: float (M, P or 2 P)."""
    vectors = layers.forward[number].flatten(0, 1)[taught.ahead]
    if number == 0:
        return vectors
    return torch.cat([vectors, layers.backward[number].flatten(0, 1)[taught.behind]], dim=1)


def _sum_and_count(values: Tensor) -> Tensor:
    """Float (2,), for the log."""
    return torch.stack([values.detach().sum(), values.new_tensor(len(values))])
