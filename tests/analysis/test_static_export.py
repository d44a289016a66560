"""Static vectors: the mean over all occurrences, or the word alone; the file is word2vec's."""

import gzip

import numpy as np
import pytest

from conftest import small_model
from elmo.apps.embedding.to_static import export_static
from elmo.checkpoints.formats.native import save_native
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, OutputError, TextError

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
LINES = ["the bank of the river", "", "The bank and the 日本 bank", "née the"]


@pytest.fixture
def there(tmp_path):
    save_native(small_model(scale=1.5), tmp_path / "model")
    (tmp_path / "text.txt").write_text("\n".join(LINES) + "\n")
    return tmp_path


def export(there, name="v.txt", **settings):
    settings = {"pretokenized": True, "min_count": 1} | settings
    return export_static(str(there / "model"), there / "text.txt", there / name, **settings)


def read(path):
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        n, width = map(int, file.readline().split())
        found = {word: np.array(x, float) for word, *x in (line.rstrip("\n").split(" ") for line in file)}
    assert len(found) == n
    assert all(x.shape == (width,) for x in found.values())
    return found


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize("layers", ["mean", 0])
def test_a_word_has_the_mean_of_its_vectors(there, lowercase, layers):
    facts = export(there, "v.txt.gz", lowercase=lowercase, layers=layers)
    found = read(there / "v.txt.gz")
    occurrences = {}
    sentences = [line.split() for line in LINES]
    for words, vectors in zip(sentences, Elmo.from_pretrained(there / "model").embed(sentences, layers), strict=True):
        for word, vector in zip(words, vectors, strict=True):
            occurrences.setdefault(word.lower() if lowercase else word, []).append(vector)
    assert found.keys() == occurrences.keys()
    for word, vectors in occurrences.items():
        assert np.allclose(found[word], np.mean(vectors, axis=0), atol=1e-5)
    assert list(found)[:2] == ["the", "bank"]
    assert facts == {
        "output": str(there / "v.txt.gz"),
        "words": len(occurrences),
        "width": 14,
        "tokens": 13,
        "covered": 13,
    }


def test_a_word_alone_has_the_vector_of_its_own_sentence(there):
    export(there, method="alone")
    found = read(there / "v.txt")
    for word, (expected,) in zip(found, Elmo.from_pretrained(there / "model").embed([[w] for w in found]), strict=True):
        assert np.allclose(found[word], expected, atol=1e-5)


def test_rare_words_are_left_out(there):
    assert export(there, min_count=2) | {"output": ""} == {
        "output": "", "words": 2, "width": 14, "tokens": 13, "covered": 7
    }  # fmt: skip
    assert list(read(there / "v.txt")) == ["the", "bank"]
    export(there, max_words=1, force=True)
    assert list(read(there / "v.txt")) == ["the"]


def test_words_with_blanks_are_left_out(there):
    (there / "text.txt").unlink()
    rows = [f"{i}\t{word}" + "\t_" * 8 for i, word in enumerate(["New York", "is", "a\u3000b"], 1)]
    (there / "text.conllu").write_text("\n".join(rows) + "\n\n")
    export_static(str(there / "model"), there / "text.conllu", there / "v.txt", min_count=1)
    assert list(read(there / "v.txt")) == ["is"]


def test_what_cannot_be_is_reported_and_nothing_is_written(there):
    for change, error, message in (
        (
            {"min_count": 9},
            TextError,
            r"no word occurs 9 times \(the most frequent occurs 4 times\); lower --min-count",
        ),
        ({"layers": "all"}, ConfigError, "several vectors"),
        ({"layers": 7}, ConfigError, "layers=7"),
        ({"method": "max"}, ConfigError, "method 'max'"),
        ({"split": True}, ConfigError, "split and pretokenized"),
    ):
        with pytest.raises(error, match=message):
            export(there, **change)
        assert not (there / "v.txt").exists()
    with pytest.raises(TextError, match="no such file"):
        export_static(str(there / "model"), there / "nowhere.txt", there / "v.txt")
    export(there)
    with pytest.raises(OutputError, match="exists already"):
        export(there)


@pytest.mark.filterwarnings("ignore")  # gensim's own
def test_gensim_reads_it(there):
    models = pytest.importorskip("gensim.models", reason="needs gensim")
    export(there)
    vectors = models.KeyedVectors.load_word2vec_format(there / "v.txt")
    for word, x in read(there / "v.txt").items():
        assert np.allclose(vectors[word], x, atol=1e-6)
