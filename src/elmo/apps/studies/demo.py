"""How context changes the vectors of a word: five ambiguous words, each in eight sentences, in every layer of a model.

For each word and layer: the mean cosine of pairs of occurrences with the same sense, and of pairs with different senses. In
the token layer, which has no context, all occurrences of a word have the same vector: both means are 1. The sentences were
written before they were tried on any model.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elmo.apps.studies.demo_picture import draw_occurrences
from elmo.embed.embedder import Elmo
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.demo_sentences import Occurrence, read_occurrences

VECTORS_FILE, TABLE_FILE, PICTURE_FILE = "vectors.npz", "table.json", "picture.png"


@dataclass(frozen=True)
class Row:
    """One word in one layer."""

    word: str
    layer: int
    same_sense: float  # mean cosine of pairs with the same sense
    different_sense: float  # mean cosine of pairs with different senses
    neighbours_right: int  # occurrences whose nearest other occurrence has the same sense
    occurrences: int


@dataclass(frozen=True)
class Neighbour:
    """An occurrence and the one nearest to it."""

    occurrence: Occurrence
    nearest: Occurrence
    cosine: float


@dataclass(frozen=True)
class Demo:
    """The result of the demo."""

    rows: list[Row]
    neighbours: list[Neighbour]  # in the top layer, the first sentence of each sense
    vectors: Path
    table: Path
    picture: Path | None  # None: matplotlib is not installed

    @property
    def words_told_apart(self) -> int:
        """Words whose same-sense pairs are closer in every layer with context."""
        words = {row.word for row in self.rows}
        lost = {row.word for row in self.rows if row.layer > 0 and row.same_sense <= row.different_sense}
        return len(words - lost)


def run_demo(model: str, out: Path, force: bool = False) -> Demo:
    """Embed the sentences, compare the occurrences, write vectors, table and picture into the folder `out`.

    Raises:
        OutputError: the folder exists. CheckpointError: there is no such model.
    """
    refuse_existing(out, force, known_by=[TABLE_FILE], holds=[TABLE_FILE, VECTORS_FILE, PICTURE_FILE], inputs=[model])
    occurrences = read_occurrences()
    elmo = Elmo.from_pretrained(model)
    embedded = elmo.embed([list(o.tokens) for o in occurrences], layers="all")
    vectors = np.stack([v[:, o.position] for v, o in zip(embedded, occurrences, strict=True)])  # (occurrences, L, D)
    rows, neighbours = compare(occurrences, vectors)
    with atomic_write(out) as part:
        part.mkdir()
        labels = {
            "texts": [o.text for o in occurrences],
            "words": [o.word for o in occurrences],
            "senses": [o.sense for o in occurrences],
        }
        np.savez(part / VECTORS_FILE, vectors=vectors, **{name: np.array(v) for name, v in labels.items()})  # type: ignore[arg-type]
        (part / TABLE_FILE).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
        around = [_around(o) for o in occurrences]
        drawn = draw_occurrences(labels["words"], labels["senses"], around, vectors[:, -1], part / PICTURE_FILE)
    return Demo(rows, neighbours, out / VECTORS_FILE, out / TABLE_FILE, out / PICTURE_FILE if drawn else None)


def compare(occurrences: Sequence[Occurrence], vectors: NDArray[np.float32]) -> tuple[list[Row], list[Neighbour]]:
    """Cosines between the occurrences of each word: float (occurrences, L, D) -> rows of the table, nearest occurrences."""
    rows: list[Row] = []
    neighbours: list[Neighbour] = []
    n_layers = vectors.shape[1]
    for word in dict.fromkeys(o.word for o in occurrences):
        own = [i for i, o in enumerate(occurrences) if o.word == word]
        same_sense = np.array([[occurrences[a].sense == occurrences[b].sense for b in own] for a in own])
        pairs = list(combinations(range(len(own)), 2))
        for layer in range(n_layers):
            cosine = _cosines(vectors[own, layer])
            same = [cosine[a, b] for a, b in pairs if same_sense[a, b]]
            different = [cosine[a, b] for a, b in pairs if not same_sense[a, b]]
            nearest = (cosine - 2 * np.eye(len(own))).argmax(axis=1)
            right = (
                int(same_sense[np.arange(len(own)), nearest].sum()) if layer else 0
            )  # in the token layer all are equal
            rows.append(Row(word, layer, float(np.mean(same)), float(np.mean(different)), right, len(own)))
            if layer == n_layers - 1:
                firsts = [
                    k for k in range(len(own)) if k == 0 or occurrences[own[k]].sense != occurrences[own[k - 1]].sense
                ]
                neighbours += [
                    Neighbour(occurrences[own[k]], occurrences[own[nearest[k]]], float(cosine[k, nearest[k]]))
                    for k in firsts
                ]
    return rows, neighbours


def _cosines(x: NDArray[np.float32]) -> NDArray[np.float32]:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosine: NDArray[np.float32] = unit @ unit.T
    return cosine


def _around(occurrence: Occurrence) -> str:
    """The word with two words on each side."""
    start, end = max(0, occurrence.position - 2), occurrence.position + 3
    return " ".join(occurrence.tokens[start:end])
