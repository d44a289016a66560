"""A biLM as teacher, of any format that is read and any encoder."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.saved_model import SavedModel
from elmo.embed.embedder import Elmo
from elmo.model.kernels.products import known_precision
from elmo.train.teachers.teacher import TaughtSentence, Teacher


class BiLMTeacher(Teacher):
    """A biLM; its layers are [forward; backward], its token layer is there twice.

    Args:
        model: its weights stay as they are.
        precision: of matrix products; None: float32.
    """

    def __init__(self, model: SavedModel, precision: torch.dtype | None = None) -> None:
        known = known_precision(precision, torch.device("cpu"))
        self._elmo = Elmo(model, "float32" if known is None else "bfloat16")
        self.n_layers, self.size = self._elmo.n_layers, self._elmo.width

    def keep(self, folder: Path) -> None:
        """See `Teacher.keep`."""
        save_native(replace(self._elmo.model, card=None), folder)

    def read(self, sentences: Sequence[Sequence[str]]) -> list[TaughtSentence]:
        """See `Teacher.read`."""
        found = self._elmo.embed(sentences, layers="all")
        return [TaughtSentence(torch.from_numpy(v), torch.ones(v.shape[1], dtype=torch.bool)) for v in found]
