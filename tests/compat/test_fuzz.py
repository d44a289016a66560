"""100,000 random token lists and strings through every old call: arrays of the right shape, all finite, or one `ElmoError`."""

import io
import random
import warnings

import numpy as np
import pytest

from conftest import SMALL, model_of, small_model
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.compat.allennlp import Elmo, ElmoEmbedder, ElmoTokenEmbedder, batch_to_ids
from elmo.compat.elmoformanylangs import Embedder
from elmo.compat.simple_elmo import ElmoModel
from elmo.errors import ElmoError

N_LISTS = 100_000
IN_A_CALL = 250
ALPHABETS = ["ab", "the river bank", "日本語한국어", "\u0301\u200d\ufe0f", "\0\t\n\r \u3000\x85\u2028", "\ud800\udfff"]
WORDS = [
    "",
    "<S>",
    "</S>",
    "<UNK>",
    "<unk>",
    "<bos>",
    "<eos>",
    "<pad>",
    "x" * 300,
    "👩\u200d🔬",
    "\ud800",
    "\0",
    "river",
]


def random_word(rng):
    if rng.random() < 0.3:
        return rng.choice(WORDS)
    if rng.random() < 0.1:
        return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(6)))
    letters = rng.choice(ALPHABETS)
    return "".join(rng.choice(letters) for _ in range(rng.choice([0, 1, 2, 5, 9])))


def random_list(rng):
    return [random_word(rng) for _ in range(rng.choice([0, 0, 1, 2, 3, 5, 8]))]


def batches(seed, n_lists=N_LISTS):
    rng = random.Random(seed)
    for start in range(0, n_lists, IN_A_CALL):
        yield rng, [random_list(rng) for _ in range(min(IN_A_CALL, n_lists - start))]


@pytest.fixture(scope="module", autouse=True)
def _foreign():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*of this text")
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One layer of few cells, words of 50 bytes."""
    path = tmp_path_factory.mktemp("models") / "bytes"
    cnn = SMALL.char_cnn.model_copy(update={"max_characters": 50, "filters": ((1, 3), (2, 4))})
    lstm = SMALL.encoder.model_copy(update={"n_layers": 1})
    save_native(small_model(SMALL.model_copy(update={"char_cnn": cnn, "encoder": lstm})), path)
    return path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*of this text")
def test_elmo_embedder(folder):
    embedder = ElmoEmbedder(folder)
    for rng, batch in batches(1):
        some = rng.randrange(1, len(batch))
        found = embedder.embed_batch(batch[:some])
        vectors, mask = embedder.batch_to_embeddings(batch[some:])
        assert mask.sum(dim=1).tolist() == [len(words) for words in batch[some:]]
        for words, own in zip(
            batch, [*found, *(v[:, m].numpy() for v, m in zip(vectors, mask, strict=True))], strict=True
        ):
            assert own.shape == (2, len(words), 14)
            assert np.isfinite(own).all()


@pytest.mark.slow
def test_batch_to_ids_elmo_and_token_embedder(folder):
    elmo, embedder = Elmo(folder, dropout=0.0), ElmoTokenEmbedder(folder, dropout=0.0, do_layer_norm=True)
    for _, batch in batches(2):
        ids = batch_to_ids(batch)
        assert ids.shape == (len(batch), max(map(len, batch)), 50)
        found = elmo(ids)
        assert found["mask"].sum(dim=1).tolist() == [len(words) for words in batch]
        assert bool(found["elmo_representations"][0].isfinite().all())
        assert bool(embedder(ids).isfinite().all())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*of this text")
def test_simple_elmo(folder):
    models = [ElmoModel(as_published=old) for old in (False, True)]
    for model in models:
        model.load(folder, max_batch_size=32, full=True)
    for rng, batch in batches(3):
        model, layers = rng.choice(models), rng.choice(["average", "top", "all"])
        vectors = model.get_elmo_vectors(batch, rng.random() < 0.5, layers)
        averages = model.get_elmo_vector_average(batch, rng.random() < 0.5, layers)
        inner = (2,) if layers == "all" else ()
        assert vectors.shape == (len(batch), *inner, max(map(len, batch)), 14)
        assert averages.shape == (len(batch), *inner, 14)
        assert np.isfinite(vectors).all()
        assert np.isfinite(averages).all()
        for words, found in zip(batch[:10], model.get_elmo_substitutes(batch[:10]), strict=True):
            assert [token["word"] for token in found] == words


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*of this text")
def test_elmoformanylangs(tmp_path):
    save_many_langs(model_of("alphabet, words"), tmp_path / "m")
    embedders = [Embedder(tmp_path / "m", 32, as_published=old) for old in (False, True)]
    for rng, batch in batches(4):
        found = rng.choice(embedders).sents2elmo(batch, rng.choice([-1, 0, 1, 2]))
        for words, own in zip(batch, found, strict=True):
            assert own.shape == (len(words), 14)
            assert np.isfinite(own).all()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*of this text")
def test_files_of_lines(folder, tmp_path):
    embedder = ElmoEmbedder(folder)
    done = refused = 0
    for rng, batch in batches(5, 20_000):
        lines = "".join(" ".join(words).replace("\n", "") + "\n" for words in batch[: rng.choice([1, 2, 5, 250])])
        try:
            embedder.embed_file(
                io.StringIO(lines),
                tmp_path / "v.hdf5",
                rng.choice(["all", "top"]),
                use_sentence_keys=rng.random() < 0.5,
            )
            done += 1
        except ElmoError:
            refused += 1
    assert min(done, refused) > 5
    assert [path.name for path in tmp_path.iterdir()] in ([], ["v.hdf5"])


@pytest.mark.slow
def test_what_is_no_batch_at_all(folder):
    rng = random.Random(6)
    calls = [
        batch_to_ids,
        ElmoEmbedder(folder).embed_batch,
        ElmoEmbedder(folder).embed_sentence,
        ElmoModel().load(folder).get_elmo_vectors,
        ElmoModel().load(folder).get_elmo_vector_average,
        Embedder(folder).sents2elmo,
    ]
    things = [
        None,
        3,
        2.5,
        "text",
        b"bytes",
        object(),
        True,
        {"a": 1},
        [None],
        [3],
        ["text"],
        [[3]],
        [[b"a"]],
        [["a"], 3],
    ]
    for _ in range(10_000):
        call, thing = rng.choice(calls), rng.choice(things)
        if call.__name__ == "embed_sentence" and thing in (["text"],):
            continue  # that is a sentence
        with pytest.raises(ElmoError):
            call(thing)
