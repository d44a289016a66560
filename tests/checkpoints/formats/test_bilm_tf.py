"""bilm-tf's training directory: every variable, its softmax, the perplexities that its own program printed."""

import json
import shutil

import numpy as np
import pytest
import torch

from elmo.checkpoints.load import load_model
from elmo.checkpoints.tensor_bundle import TensorBundle
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError
from elmo.text.words.vocabulary import read_vocabulary
from elmo.train.perplexity import NOTHING, measure_each
from tensorflow_files import block, write_bundle, write_index


@pytest.fixture
def tiny(shared):
    return shared / "fixtures" / "bilm_tf" / "tiny_lm"


@pytest.fixture
def copied(tiny, tmp_path):
    """A training directory that a test may break, its vocabulary above it."""
    shutil.copytree(tiny / "checkpoint", tmp_path / "lm" / "checkpoint")
    shutil.copy(tiny / "vocab.txt", tmp_path / "lm")
    return tmp_path / "lm" / "checkpoint"


def test_every_variable_is_tensorflows(tiny):
    bundle, expected = (
        TensorBundle(tiny / "checkpoint" / "model.ckpt-360"),
        np.load(tiny / "checkpoint_arrays.npz"),
    )
    assert {name.replace("/", "|") for name in bundle.variables} == set(expected.files)
    for name in bundle.variables:
        assert np.array_equal(bundle.read(name), expected[name.replace("/", "|")])


def test_the_model_is_that_of_its_dumped_weights(tiny, copied, tmp_path):
    shutil.copy(tiny / "weights.hdf5", tmp_path)
    shutil.copy(tiny / "options_for_embedding.json", tmp_path / "options.json")
    ours, dumped = load_model(copied), load_model(tmp_path)
    for (name, p), q in zip(ours.bilm.named_parameters(), dumped.bilm.parameters(), strict=True):
        assert torch.equal(p, q), name
    assert dumped.softmax is None
    assert (ours.config.training["program"], ours.config.training["step"]) == ("bilm-tf", 360)


def test_it_loads_where_it_lies_and_has_the_perplexities_that_bilm_tf_printed(tiny):
    model = load_model(tiny / "checkpoint")  # its file `checkpoint` names a path that is gone
    assert model.vocabulary.words == read_vocabulary(tiny / "vocab.txt").words
    sentences = [line.split() for line in (tiny / "train.txt").read_text().splitlines()]
    found = sum(measure_each(model, sentences, "carry"), start=NOTHING)
    assert (found.forward, found.backward, found.mean) == pytest.approx((2.98302, 2.47436, 2.71682), abs=2e-5)
    assert found.tokens == 139


@pytest.mark.filterwarnings("ignore:35% of the words of this text are not in the vocabulary")
@pytest.mark.filterwarnings("ignore:.*not in the vocabulary of the model")
def test_the_command_measures_it_with_a_vocabulary_from_elsewhere(tiny, copied, tmp_path, run_elmo):
    (copied.parent / "vocab.txt").rename(tmp_path / "words")
    how = ["--pretokenized", "--state", "carry", "--vocabulary", tmp_path / "words", "--json"]
    facts = json.loads(run_elmo("perplexity", copied, tiny / "train.txt", *how).out)
    assert facts["mean"] == pytest.approx(2.71682, abs=2e-5)


def test_without_its_vocabulary_it_embeds_and_says_what_was_left_out(copied):
    (copied.parent / "vocab.txt").write_text("<S>\n</S>\n<UNK>\nother\n")
    with pytest.warns(UserWarning, match="no vocabulary of 32 words in it or above it, so the softmax was left out"):
        model = load_model(copied)
    assert model.softmax is None
    assert Elmo(model).embed([["the"]])[0].shape == (1, 16)


def test_a_vocabulary_of_other_words_is_refused(copied, tmp_path):
    (tmp_path / "v.txt").write_text("<S>\n</S>\n<UNK>\nother\n")
    with pytest.raises(CheckpointError, match=r"v\.txt: 4 words, the checkpoint has rows for 32"):
        load_model(copied, vocabulary=tmp_path / "v.txt")


def test_the_latest_checkpoint_is_taken_unless_one_is_named(copied):
    for step in (9, 1000):
        for part in (".index", ".data-00000-of-00001"):
            shutil.copy(copied / f"model.ckpt-360{part}", copied / f"model.ckpt-{step}{part}")
    assert load_model(copied).config.training["step"] == 360
    (copied / "checkpoint").unlink()
    assert load_model(copied).config.training["step"] == 1000
    (copied / "checkpoint").write_text('model_checkpoint_path: "C:\\\\old\\\\model.ckpt-7"\n')
    with pytest.raises(CheckpointError, match=r"names model.ckpt-7, the folder has model.ckpt-1000, model.ckpt-360"):
        load_model(copied)


def test_a_model_of_one_layer_whose_cell_is_not_wrapped(tiny, copied):
    bundle = TensorBundle(tiny / "checkpoint" / "model.ckpt-360")
    arrays = {
        name.replace("/multi_rnn_cell/cell_0", ""): bundle.read(name)
        for name in bundle.variables
        if "cell_1" not in name and "Adagrad" not in name
    }
    options = json.loads((copied / "options.json").read_text())
    options["lstm"]["n_layers"] = 1
    (copied / "options.json").write_text(json.dumps(options))
    write_bundle(copied / "model.ckpt-360", arrays)
    one, two = Elmo.from_pretrained(copied), Elmo.from_pretrained(tiny / "checkpoint")
    sentence = [["the", "deep", "network"]]
    assert np.array_equal(one.embed(sentence, layers="top")[0], two.embed(sentence, layers=1)[0])


def test_a_model_with_word_input_reads_its_words_in_the_order_of_its_vocabulary(tiny, copied):
    bundle = TensorBundle(tiny / "checkpoint" / "model.ckpt-360")
    arrays = {name: bundle.read(name) for name in bundle.variables if "RNN_" in name or "softmax" in name}
    words = ["the", "</S>", "river", "<UNK>", "<S>", *(f"w{i}" for i in range(27))]
    table = np.random.default_rng(0).normal(size=(32, 8)).astype(np.float32)
    write_bundle(copied / "model.ckpt-360", arrays | {"lm/embedding": table})
    (copied.parent / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    options = json.loads((copied / "options.json").read_text())
    del options["char_cnn"]
    (copied / "options.json").write_text(json.dumps(options))
    elmo = Elmo.from_pretrained(copied)
    (tokens,) = elmo.embed([["the", "w3", "never", "<S>", "river"]], layers=0)
    assert np.array_equal(tokens, np.tile(table[[0, 8, 3, 4, 2]], 2))
    (copied.parent / "vocab.txt").unlink()
    with pytest.raises(CheckpointError, match="needs its vocabulary"):
        load_model(copied)


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        ("model.ckpt-360.index", lambda b: b[:-1], "not a whole TensorFlow checkpoint index"),
        ("model.ckpt-360.index", lambda b: b[:100] + bytes([b[100] ^ 1]) + b[101:], "the checksum of a block is wrong"),
        ("model.ckpt-360.index", lambda b: b"", "its end is not that of an index"),
        ("model.ckpt-360.data-00000-of-00001", lambda b: b[:20_000], "the file is cut short"),
        ("model.ckpt-360.data-00000-of-00001", lambda b: b"", "cannot be read"),
        ("model.ckpt-360.data-00000-of-00001", None, "no such file; it has the numbers of the checkpoint"),
        ("options.json", None, r"options\.json|contains no model"),
        (
            "options.json",
            lambda b: b.replace(b'"dim": 32', b'"dim": 33'),
            r"kernel|W_0' is \(16, 128\), the options make",
        ),
    ],
)
def test_damage_is_one_error(copied, file, damage, message):
    whole = (copied / file).read_bytes()
    (copied / file).unlink()
    if damage is not None:
        (copied / file).write_bytes(damage(whole))
    with pytest.raises(CheckpointError, match=message):
        load_model(copied)


def test_one_bit_of_the_numbers_is_noticed(copied):
    data = copied / "model.ckpt-360.data-00000-of-00001"
    offset = TensorBundle(copied / "model.ckpt-360").variables["lm/CNN/W_cnn_0"].offset
    whole = bytearray(data.read_bytes())
    whole[offset + 3] ^= 1
    data.write_bytes(whole)
    with pytest.raises(CheckpointError, match="the checksum of 'lm/CNN/W_cnn_0' is wrong"):
        load_model(copied)


def test_an_index_that_grows_without_end_is_refused(copied):
    index = copied / "model.ckpt-360.index"
    name = b"a" * 600
    entries = [(name + b"x" * i, b"") for i in range(500)]
    write_index(index, [block(entries)[0]])
    with pytest.raises(CheckpointError, match="a name of more than 1,000 bytes"):
        load_model(copied)
    empty = block([])[0]
    write_index(index, [empty], n_times=3)
    with pytest.raises(CheckpointError, match="blocks out of order"):
        load_model(copied)


@pytest.mark.parametrize("value", ["[]", "3", '"cnn"', "true"])
def test_options_whose_char_cnn_is_none(copied, value):
    options = json.loads((copied / "options.json").read_text())
    options["char_cnn"] = json.loads(value)
    (copied / "options.json").write_text(json.dumps(options))
    with pytest.raises(CheckpointError, match=r"'char_cnn' is .*, expected an object"):
        load_model(copied)
