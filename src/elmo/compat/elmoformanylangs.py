"""ELMoForManyLangs' `Embedder` (0.0.4.post2): change the import, keep the code.

    from elmo.compat.elmoformanylangs import Embedder            # was: from elmoformanylangs import Embedder

Same names, shapes and values. There the LSTM state went on from batch to batch, and batches were read in random order, so
that a sentence had other vectors in every call; here each sentence starts from zero, which is what the old program gave in
the first call of up to `batch_size` sentences. `Embedder(..., as_published=True)` repeats the old way, Python's `random`
included.
"""

import operator
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.checkpoints.load import load_model
from elmo.compat.arguments import whole_number
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.errors import ConfigError
from elmo.text.sentence_inputs import read_token_lists

AVERAGE, ALL = -1, -2  # of `output_layer`; 0, 1, 2 are layers


class Embedder:
    """Vectors of tokenized sentences."""

    def __init__(self, model_dir: str | Path, batch_size: int = 64, *, as_published: bool = False) -> None:
        """Load a model.

        Args:
            model_dir: its folder, or anything else that `elmo.Elmo.from_pretrained` takes.
            batch_size: sentences computed together.
            as_published: carry the state from batch to batch, in random order.
        Raises:
            CheckpointError: there is no such model. ConfigError: no such batch size.
        """
        self.batch_size = whole_number("batch_size", batch_size)
        self._elmo = Elmo(load_model(model_dir))
        self._as_published = as_published

    def sents2elmo(self, sents: Sequence[Sequence[str]], output_layer: int = AVERAGE) -> list[NDArray[np.float32]]:
        """One array a sentence, in order.

        Args:
            sents: lists of tokens.
            output_layer: -1 the mean of the layers, float32 (T, D); -2 all of them, (L, T, D); 0, 1, 2 one of them, (T, D).
        Raises:
            TextError: not a list of lists of tokens. ConfigError: no such layer.
        """
        sentences = read_token_lists(sents)
        layers = self._layers(output_layer)
        if not self._as_published:
            return self._elmo.embed(sentences, layers, batch_size=self.batch_size)
        order = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))
        batches = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        visits = list(range(len(batches)))
        random.shuffle(visits)
        vectors: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(sentences)
        for visit in visits:
            rows = batches[visit]
            found = self._elmo.embed([sentences[i] for i in rows], layers, state="carry", batch_size=self.batch_size)
            for i, array in zip(rows, found, strict=True):
                vectors[i] = array
        return vectors

    def _layers(self, output_layer: int) -> Layers:
        try:
            number = operator.index(output_layer)
        except TypeError:
            number = self._elmo.n_layers
        if not ALL <= number < self._elmo.n_layers:
            raise ConfigError(
                f"output_layer {output_layer!r}; there are -1 (mean), -2 (all) and 0 to {self._elmo.n_layers - 1}"
            )
        named: dict[int, Layers] = {AVERAGE: "mean", ALL: "all"}
        return named.get(number, number)
