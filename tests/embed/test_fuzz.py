"""Any strings, token lists and bytes of a file: right vectors, equal to the readable model on a sample, or an error of ours."""

import random
import unicodedata

import numpy as np
import pytest
import torch

from conftest import small_model
from elmo.apps.embedding.embed import embed_file
from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.checkpoints.formats.native import save_native
from elmo.embed.arrow_vectors import open_vectors
from elmo.embed.embedder import Elmo
from elmo.errors import TextError
from elmo.text.batches import encode_batch
from elmo.text.tokens import tokenize

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*of this text")]
N_LINES = 100_000
ODD = ["", " ", "\u3000", "\0", "<S>", "</S>", "<UNK>", "\ud800", "\udfff", "\ufeff", "\u200d", "e\u0301", "\U0010ffff", "𠀀",
       "\x85", "\u2028", "\v", "\x1c", "🏳️‍🌈", "x" * 60, "日" * 30, "ﷺ", "İ", "ß", "\u0e01\u0e33", "\u1100\u1161"]  # fmt: skip


def text_of(rng):
    """A string of random code points, ordinary and odd, with blanks between some."""
    kind = rng.random()
    if kind < 0.05:
        return rng.choice(ODD) * rng.randrange(1, 4)
    top = rng.choice([0x7F, 0x24F, 0x3000, 0xFFFF, 0x10FFFF])
    pieces = [rng.choice(ODD) if rng.random() < 0.05 else chr(rng.randrange(top + 1)) for _ in range(rng.randrange(25))]
    return "".join(p + " " * (rng.random() < 0.3) for p in pieces)


def readable(model, words):
    """All layers of one sentence by `BiLM.forward`."""
    batch = encode_batch([words], [0], model.word_encoder)
    with torch.no_grad():
        layers, _ = model.bilm(torch.from_numpy(batch.char_ids[batch.word_at]), torch.from_numpy(batch.mask))
    return layers[0, :, 1:-1].numpy()


def test_100_000_strings_and_lists_have_the_vectors_of_the_readable_model():
    model, rng = small_model(scale=1.5), random.Random(0)
    elmo = Elmo(model, cache_bytes=20_000)
    for _ in range(100):
        texts = [text_of(rng) for _ in range(1000)]
        given = [text if rng.random() < 0.5 else [text_of(rng) for _ in range(rng.randrange(6))] for text in texts]
        words = [[t.text for t in tokenize(g)] if isinstance(g, str) else g for g in given]
        found = elmo.embed(given, layers="all")
        assert [x.shape for x in found] == [(3, len(w), 14) for w in words]
        assert all(np.isfinite(x).all() for x in found)
        for number in rng.sample(range(1000), 5):
            assert np.allclose(found[number], readable(model, words[number]), atol=1e-5, rtol=0), given[number]


def test_lines_of_any_characters_are_embedded_line_by_line(tmp_path):
    save_native(small_model(scale=1.5), tmp_path / "model")
    rng = random.Random(1)
    lines = []
    while len(lines) < N_LINES:
        line = text_of(rng).replace("\n", "").replace("\r", "")
        if not any(unicodedata.category(c) == "Cs" for c in line):
            lines.append(line)
    (tmp_path / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    facts = embed_file(tmp_path / "text.txt", str(tmp_path / "model"), tmp_path / "v.npz")
    assert facts["lines"] == N_LINES
    embed_corpus(tmp_path / "text.txt", str(tmp_path / "model"), tmp_path / "v")
    rows, elmo = open_vectors(tmp_path / "v"), Elmo.from_pretrained(tmp_path / "model")
    assert len(rows) == N_LINES
    with np.load(tmp_path / "v.npz") as arrays:
        for number in rng.sample(range(N_LINES), 1000):
            line = lines[number].removeprefix("\ufeff") if number == 0 else lines[number]
            (expected,) = elmo.embed([line])
            assert np.allclose(arrays[str(number)], expected, atol=1e-5)
            assert rows[number].tokens == [t.text for t in tokenize(line)]
            assert np.allclose(rows[number].vectors, expected, atol=1e-5)


def fault_of(source, model, target):
    """The error of a file that is refused; None: it was embedded."""
    try:
        embed_corpus(source, str(model), target)
    except TextError as error:
        return str(error)
    assert open_vectors(target).is_whole
    return None


def test_files_of_any_bytes_are_embedded_or_refused_and_leave_nothing_half_written(tmp_path):
    save_native(small_model(), tmp_path / "model")
    rng = random.Random(2)
    refused = 0
    for number in range(150):
        content = bytes(rng.randrange(256) for _ in range(rng.randrange(300)))
        if rng.random() < 0.5:
            content = " ".join(text_of(rng) for _ in range(9)).encode("utf-8", "ignore") + content[:1]
        suffix = rng.choice([".txt", ".txt.gz", ".jsonl", ".conllu", ".parquet", ".xz"])
        source, target = tmp_path / f"{number}{suffix}", tmp_path / f"v{number}"
        source.write_bytes(content)
        fault = fault_of(source, tmp_path / "model", target)
        assert fault is None or str(source) in fault
        refused += fault is not None
        assert not list(tmp_path.glob(".elmo-part-*"))
        assert not target.exists() or not list(target.glob(".elmo-part-*"))
    assert 50 < refused < 150
