"""Good files of static vectors, folders of vectors and indexes of contexts, and how each is read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.campaigns.mutated_inputs import Subject
from elmo import open_vectors
from elmo.analysis.context_index import FACTS_FILE
from elmo.analysis.neighbours import find_neighbours
from elmo.analysis.static_files import read_static_vectors
from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.text.words.word_vectors import read_word_vectors

QUERY = "the [river]"


def _read_vectors(path: Path) -> None:
    found = read_word_vectors(path)
    assert len(found.words) == len(found.table), "words without vectors"
    assert np.isfinite(found.table).all(), "vectors that are not finite"


def _read_static(path: Path) -> None:
    vectors, known = read_static_vectors(path).of(["word3", "unknown"])
    assert len(vectors) == len(known) == 2, "words without vectors"


def _read_shards(folder: Path) -> None:
    """Read all rows. A changed number within a vector is right: without a checksum in the folder no reader can tell it."""
    found = open_vectors(folder)
    pooled = found.settings.pooling is not None
    for row in found:
        assert len(row.tokens) == len(row.start) == len(row.end), "tokens without characters"
        assert pooled or len(row.tokens) == row.vectors.shape[-2], "tokens without vectors"
        assert row.vectors.shape[-1] == found.settings.width, "vectors of another width"


def _read_index(model: Path, text: Path) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        if not (folder / FACTS_FILE).exists():
            return  # it would be built again
        for same_word in (False, True):
            for found in find_neighbours(str(model), text, [QUERY], n=3, same_word=same_word, index=folder):
                assert all(np.isfinite(one.similarity) for one in found.found), "a similarity that is no number"

    return read


def vector_subjects(place: Path, model: Path) -> list[Subject]:
    """Vectors in every format, laid out in a new folder; those of words in context are of a model."""
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    words, table = [f"word{i}" for i in range(30)], rng.normal(size=(30, 5)).astype("<f4")
    rows = "".join(f"{w} {' '.join(f'{x:.5f}' for x in v)}\n" for w, v in zip(words, table, strict=True))
    (place / "glove.txt").write_text(rows, encoding="utf-8")
    (place / "word2vec.txt").write_text(f"30 5\n{rows}", encoding="utf-8")
    packed = b"".join(w.encode() + b" " + v.tobytes() + b"\n" for w, v in zip(words, table, strict=True))
    (place / "word2vec.bin").write_bytes(b"30 5\n" + packed)
    (place / "text.txt").write_text("the river\n\nthe bank lends money\n" * 3, encoding="utf-8")
    (place / "text.jsonl").write_text('{"id": "a", "text": "the river"}\n{"text": "the bank"}\n' * 3, encoding="utf-8")
    embed_corpus(place / "text.txt", str(model), place / "shards")
    embed_corpus(place / "text.jsonl", str(model), place / "shards of records", layers="all", number="float16")
    embed_corpus(place / "text.jsonl", str(model), place / "pooled shards", pooling="mean", rows_per_shard=4)
    find_neighbours(str(model), place / "text.txt", [QUERY], index=place / "index")
    files = ("glove.txt", "word2vec.txt", "word2vec.bin")
    return [
        *(Subject("vectors", name, place / name, _read_vectors) for name in files),
        *(Subject("vectors", f"static {name}", place / name, _read_static) for name in files),
        *(
            Subject("vectors", name, place / name, _read_shards)
            for name in ("shards", "shards of records", "pooled shards")
        ),
        Subject("vectors", "index", place / "index", _read_index(model, place / "text.txt")),
    ]
