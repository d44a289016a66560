"""The index over words in context: what brute force finds, in any number of parts; damage is reported."""

import json
import os
import random

import numpy as np
import pytest

from conftest import small_model
from elmo.analysis import context_index
from elmo.analysis.context_index import (
    SENTENCES_FILE,
    WORDS_FILE,
    ContextIndex,
    IndexSettings,
    graph_files,
    write_context_index,
)
from elmo.embed.embedder import Elmo
from elmo.errors import TextError
from elmo.text.sources.rows import Row
from elmo.text.tokens import tokenize

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
SETTINGS = IndexSettings(source="text.txt", source_bytes=1, source_sha256="", model="m", tokens="lines", layers='"top"')
DICE = random.Random(0)
WORDS = ["the", "bank", "river", "日本", "née", "<S>", "e\u0301t", "!", "—", "5"]
TEXTS = ["", "… !"] + ["  ".join(DICE.choices(WORDS, k=DICE.randrange(1, 12))) for _ in range(150)]


@pytest.fixture(scope="module")
def elmo():
    return Elmo(small_model(scale=1.5))


@pytest.fixture(params=[10**6, 300], ids=["one part", "three parts"])
def index(tmp_path, elmo, monkeypatch, request):
    monkeypatch.setattr(context_index, "VECTORS_A_PART", request.param)
    monkeypatch.setattr(context_index, "_AT_ONCE", 100)
    rows = (Row(number, tokenize(text)) for number, text in enumerate(TEXTS, 1))
    facts = write_context_index(tmp_path / "i", elmo, rows, "top", SETTINGS)
    assert facts.n_vectors == len(brute_force(elmo))
    assert len(graph_files(tmp_path / "i")) == (1 if request.param > 300 else facts.n_vectors // 300 + 1)
    return ContextIndex(tmp_path / "i")


def brute_force(elmo):
    """(vector, line, text, start, end) of every token with a letter or digit."""
    found = []
    for number, (text, vectors) in enumerate(zip(TEXTS, elmo.embed(TEXTS, "top"), strict=True), 1):
        tokens = tokenize(text)
        for token, vector in zip(tokens, vectors, strict=True):
            if any(c.isalnum() for c in token.text):
                first = tokens[0].start
                found.append((vector, number, text[first:].rstrip(), token.start - first, token.end - first))
    return found


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize("word", [None, "bank", "日"])
def test_the_nearest_are_those_of_brute_force(elmo, index, word):
    every = [o for o in brute_force(elmo) if word is None or o[2][o[3] : o[4]] == word]
    for sentence in (["the", "bank"], ["日", "本", "5"], ["river"]):
        (vectors,) = elmo.embed([sentence], "top")
        found = index.nearest(vectors[0], 10, word)
        best = {}
        for vector, line, text, start, end in every:
            key = text, start
            best[key] = max(best.get(key, (-2,)), (cosine(vector, vectors[0]), -line, end))
        expected = sorted(best.values(), reverse=True)[: len(found)]
        assert [o.similarity for o in found] == pytest.approx([e[0] for e in expected], abs=2e-3)  # float16
        assert len(found) == min(10, len(best))
        for o in found:
            assert o.sentence == TEXTS[o.line - 1].strip()
            assert o.similarity == pytest.approx(best[o.sentence, o.start][0], abs=2e-3)
            assert o.end == best[o.sentence, o.start][2]
            assert word in (None, o.word)


def test_a_word_that_does_not_occur_has_no_neighbours(elmo, index):
    assert index.nearest(np.ones(14, np.float32), 3, "absent") == []


def test_a_text_without_words_is_refused(tmp_path, elmo):
    with pytest.raises(TextError, match=r"text\.txt: contains no word to index"):
        write_context_index(tmp_path / "i", elmo, iter([Row(1, tokenize("… !"))]), "top", SETTINGS)


EVERY = ["facts.json", "part-000.usearch", "places/words.bin", SENTENCES_FILE, WORDS_FILE]


@pytest.mark.parametrize(
    ("name", "damage"),
    [(name, d) for name in EVERY for d in ("missing", "half", "other bytes", "a bit")],
)
def test_damage_is_reported(tmp_path, elmo, name, damage):
    rows = (Row(number, tokenize(text)) for number, text in enumerate(TEXTS, 1))
    write_context_index(tmp_path / "i", elmo, rows, "top", SETTINGS)
    path = tmp_path / "i" / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "half":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "a bit":
        at = len(content) // 2
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    else:
        path.write_bytes(bytes(b ^ 0xFF for b in content[:64]) + content[64:])
    if damage == "a bit" and name == "facts.json":
        return  # it may be within the name of the text
    with pytest.raises(TextError, match="/i: not an index of a corpus, or damaged"):
        ContextIndex(tmp_path / "i")


def test_an_older_index_without_checksums_and_a_large_one_are_opened(tmp_path, elmo, monkeypatch):
    rows = (Row(number, tokenize(text)) for number, text in enumerate(TEXTS, 1))
    write_context_index(tmp_path / "i", elmo, rows, "top", SETTINGS)
    (tmp_path / "i" / WORDS_FILE).write_text((tmp_path / "i" / WORDS_FILE).read_text().replace("river", "rivet"))
    with pytest.raises(TextError, match=r"damaged \(words\.txt was changed\)"):
        ContextIndex(tmp_path / "i")
    monkeypatch.setattr(context_index, "_CHECKED_BYTES", 100)
    ContextIndex(tmp_path / "i")
    monkeypatch.undo()
    facts = json.loads((tmp_path / "i" / "facts.json").read_text())
    del facts["checksums"]
    (tmp_path / "i" / "facts.json").write_text(json.dumps(facts))
    ContextIndex(tmp_path / "i")


@pytest.mark.parametrize("name", ["facts.json", "words.txt", "sentences.txt", "part-000.usearch"])
def test_a_pipe_in_the_place_of_a_file_is_reported(tmp_path, elmo, name):
    rows = (Row(number, tokenize(text)) for number, text in enumerate(TEXTS, 1))
    write_context_index(tmp_path / "i", elmo, rows, "top", SETTINGS)
    (tmp_path / "i" / name).unlink()
    os.mkfifo(tmp_path / "i" / name)
    with pytest.raises(TextError, match="/i: not an index of a corpus, or damaged"):
        ContextIndex(tmp_path / "i")


def test_arrays_and_words_that_do_not_fit_the_facts_are_reported(tmp_path, elmo):
    rows = (Row(number, tokenize(text)) for number, text in enumerate(TEXTS, 1))
    facts = write_context_index(tmp_path / "i", elmo, rows, "top", SETTINGS)
    changes = [
        ("places/index.json", f"[\n    {facts.n_vectors},\n    3\n   ]", f"[3, {facts.n_vectors}]"),
        ("places/index.json", '"int64"', '"float64"'),
        ("facts.json", '"width": 14', '"width": 28'),
        ("words.txt", "river\n", ""),
    ]
    for name, before, after in changes:
        path = tmp_path / "i" / name
        content = path.read_text(encoding="utf-8")
        changed = content.replace(before, after, 1)
        assert changed != content, name
        path.write_text(changed, encoding="utf-8")
        with pytest.raises(TextError, match="/i: not an index of a corpus, or damaged"):
            ContextIndex(tmp_path / "i")
        path.write_text(content, encoding="utf-8")
    ContextIndex(tmp_path / "i")
