"""`elmo convert` over every pair of formats, and `elmo info` of each."""

import json

import numpy as np
import pytest

from conftest import GOLDEN, model_of, small_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.embed.embedder import Elmo
from tensorflow_files import save_tf_checkpoint

SOURCES = {
    "native, bytes": lambda folder: save_native(small_model(), folder),
    "native, alphabet": lambda folder: save_native(model_of("alphabet, words"), folder),
    "native, words": lambda folder: save_native(model_of("words"), folder),
    "allennlp": lambda folder: save_allennlp(small_model(), folder),
    "bilm-tf": lambda folder: save_tf_checkpoint(small_model(), folder),
    "elmoformanylangs": lambda folder: save_many_langs(model_of("alphabet, words"), folder),
}
CAN = {  # source -> targets that can represent it, and what each leaves out
    "native, bytes": {"native": "", "allennlp": "softmax"},
    "native, alphabet": {"native": "", "elmoformanylangs": "softmax, vocabulary"},
    "native, words": {"native": "", "elmoformanylangs": "softmax, vocabulary"},
    "allennlp": {"native": "", "allennlp": ""},
    "bilm-tf": {"native": "", "allennlp": "softmax"},
    "elmoformanylangs": {"native": "", "elmoformanylangs": ""},
}
WHY = {
    "allennlp": "this format stores models that read words as UTF-8 bytes",
    "elmoformanylangs": "the model reads UTF-8 bytes",
}
pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


@pytest.mark.parametrize("to", ["native", "allennlp", "elmoformanylangs"])
@pytest.mark.parametrize("name", SOURCES)
def test_every_pair_that_can_represent_the_model_is_verified_and_the_others_are_refused(run_elmo, tmp_path, name, to):
    SOURCES[name](tmp_path / "from")
    ran = run_elmo("convert", tmp_path / "from", tmp_path / "to", "--to", to, "--verify", "--json")
    if to not in CAN[name]:
        assert (ran.status, WHY[to] in ran.err) == (2, True)
        assert not (tmp_path / "to").exists()
        return
    facts = json.loads(ran.out)
    assert (facts["format"], facts["left_out"]) == (to, CAN[name][to])
    assert facts["largest_difference"] <= 1e-6
    texts = [["the", "river", "日本"], ["bank", "."]]
    sides = [Elmo.from_pretrained(tmp_path / side).embed(texts, layers="all") for side in ("from", "to")]
    for a, b in zip(*sides, strict=True):
        assert np.allclose(a, b, atol=1e-5)
    info = json.loads(run_elmo("info", tmp_path / "to", "--json").out)
    assert info["format"] == to
    assert all(not isinstance(value, dict | list) for value in info.values())


@pytest.mark.parametrize("fixture", ["two_relu", "three_relu", "two_noskip", "two_clip", "one_tanh"])
def test_published_models_are_verified(shared, run_elmo, tmp_path, fixture):
    source = shared / "fixtures" / "allennlp" / fixture
    for to, there in (("native", tmp_path / "n"), ("allennlp", tmp_path / "a")):
        facts = json.loads(run_elmo("convert", source, there, "--to", to, "--verify", "--json").out)
        assert facts["largest_difference"] == 0.0


def test_a_vocabulary_from_elsewhere_gives_a_converted_checkpoint_its_softmax(run_elmo, tmp_path):
    save_tf_checkpoint(small_model(), tmp_path / "tf")
    (tmp_path / "tf" / "vocabulary.txt").rename(tmp_path / "words")
    how = ["--to", "native", "--vocabulary", tmp_path / "words", "--verify"]
    assert run_elmo("convert", tmp_path / "tf", tmp_path / "n", *how).status == 0
    (tmp_path / "t.txt").write_text("the river\n")
    assert run_elmo("perplexity", tmp_path / "n", tmp_path / "t.txt", "--pretokenized").status == 0
    info = json.loads(run_elmo("info", tmp_path / "n", "--json").out)
    assert (info["softmax_words"], info["training.program"], info["training.step"]) == (9, "bilm-tf", 7)


def test_a_difference_is_an_error(run_elmo, tmp_path, monkeypatch):
    monkeypatch.setattr("elmo.apps.models.convert.load_model", lambda *a, **k: small_model(seed=len(k)))
    ran = run_elmo("convert", "en", tmp_path / "n", "--to", "native", "--verify")
    assert (ran.status, "its vectors differ from those of en by" in ran.err) == (2, True)


def test_long_words_that_the_format_cuts_are_reported(run_elmo, tmp_path):
    from dataclasses import replace

    from elmo.text.words.lexicon import Lexicon
    from elmo.text.words.vocabulary import Vocabulary

    model = model_of("alphabet, words")
    words = Vocabulary([*model.lexicon.input_words.words[:-1], "a" * 12])
    save_native(replace(model, lexicon=Lexicon(model.lexicon.alphabet, words)), tmp_path / "n")
    ran = run_elmo("convert", tmp_path / "n", tmp_path / "m", "--to", "elmoformanylangs", "--json")
    assert json.loads(ran.out)["left_out"] == "softmax, vocabulary, vectors of 1 words longer than 11 characters"


def test_info_tells_licence_and_scripts(run_elmo, tmp_path):
    facts = json.loads(run_elmo("info", "en", "--json").out)
    assert facts["licence"] == "see the card"
    assert facts["scripts"].startswith("Latin ")
    assert json.loads(run_elmo("info", GOLDEN / "allennlp" / "one_tanh", "--json").out)["licence"] == "not known"
    model = small_model()
    from dataclasses import replace

    save_native(replace(model, card="---\nlicense: cc-by-4.0\n---\n# A model\n"), tmp_path / "m")
    assert json.loads(run_elmo("info", tmp_path / "m", "--json").out)["licence"] == "cc-by-4.0"
