"""Pretraining with every input layer, from files to model, on sizes that take seconds."""

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, loss_of_first_step, model_of
from elmo.apps.models.info import describe_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, TextError
from elmo.train.perplexity import measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run

SETTINGS = {
    "bilm": {
        "char_cnn": {"embedding_size": 4, "filters": [[1, 8], [2, 9]], "n_highway": 1, "max_characters": 9},
        "lstm": {"n_layers": 2, "cell_size": 13, "projection_size": 10},
    },
    "rows": 3,
    "window": 7,
    "epochs": 50,
    "n_negatives": 6,
    "optimizer": {"learning_rate": 0.02, "warmup_steps": 5},
}
ALPHABET = "bilm.char_cnn.alphabet_size=12"
WORDS = ["bilm.word_embedding.size=6", "bilm.word_embedding.n_words=5"]
ASKED = {
    "bytes": [],
    "alphabet": [ALPHABET],
    "bytes, words": WORDS,
    "alphabet, words": [ALPHABET, *WORDS],
    "words": ["bilm.char_cnn=none", *WORDS],
}
TEXT = "".join(f"河 的 岸 很 绿 {c} 。\n她 把 钱 存 在 银行 𠀀 。\n河 在 城 边 流 。\n" for c in "甲乙丙丁戊己庚辛")


@pytest.fixture
def chinese(tmp_path):
    path = tmp_path / "chinese.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def start(corpus, out, layer, **limits):
    start_run([corpus], out, pretrain_config(SETTINGS, ASKED[layer]), pretokenized=True, **limits)


@pytest.mark.filterwarnings("ignore:.*of this text")  # some of the sentence is foreign to the small alphabet
@pytest.mark.parametrize("layer", ASKED)
def test_a_resumed_run_equals_an_unbroken_one_and_the_model_knows_its_text(tmp_path, chinese, layer):
    for name in ("whole", "broken"):
        start(chinese, tmp_path / name, layer, max_steps=14)
    continue_run(tmp_path / "whole")
    assert not continue_run(tmp_path / "broken", stop=iter([False] * 5 + [True] * 9).__next__).finished
    assert continue_run(tmp_path / "broken").progress.step == 14
    whole, broken = load_model(tmp_path / "whole"), load_model(tmp_path / "broken")
    assert all(torch.equal(p, q) for p, q in zip(whole.bilm.parameters(), broken.bilm.parameters(), strict=True))
    sentence = ["河", "𠀀", "銀", "", "<S>"]
    vectors = [Elmo(model).embed([sentence], state="warm")[0] for model in (whole, broken)]
    assert np.array_equal(*vectors)
    assert np.isfinite(vectors[0]).all()


@pytest.mark.parametrize(
    ("layer", "facts"),
    [
        ("bytes", {"characters": "bytes", "max_characters": 9}),
        ("alphabet", {"characters": "alphabet of 12", "max_characters": 9}),
        ("words", {"characters": "none", "input_words": 5, "word_vector_size": 6}),
    ],
)
def test_a_model_tells_what_its_input_layer_reads(tmp_path, chinese, layer, facts):
    start(chinese, tmp_path / "run", layer, max_steps=1)
    continue_run(tmp_path / "run")
    described = describe_model(str(tmp_path / "run"))
    asked = ("characters", "max_characters", "input_words", "word_vector_size")
    assert {key: described[key] for key in asked if key in described} == facts


@pytest.mark.parametrize("layer", ASKED)
def test_every_input_layer_learns_text(tmp_path, chinese, layer):
    start(chinese, tmp_path / "run", layer, max_steps=250)
    result = continue_run(tmp_path / "run")
    model = load_model(tmp_path / "run")
    sentences = [line.split() for line in TEXT.splitlines()[1:3]]
    shuffled = [list(np.random.default_rng(1).permutation(words)) for words in sentences]
    own, other = (measure_perplexity(model, s) for s in (sentences, shuffled))
    assert result.finished
    assert own.mean < 3
    assert other.mean > 3 * own.mean


def test_what_the_text_gives_is_learned_once_and_is_in_the_config(tmp_path, chinese):
    start_run(
        [chinese],
        tmp_path / "run",
        pretrain_config(SETTINGS, ["bilm.char_cnn.alphabet_size=3000", "bilm.word_embedding.n_words=5000"]),
        pretokenized=True,
        max_steps=2,
    )
    continue_run(tmp_path / "run")
    model = load_model(tmp_path / "run")
    alphabet, words = model.lexicon
    assert (model.config.bilm.alphabet_size, model.config.bilm.n_input_words) == (len(alphabet), len(words) - 3)
    assert "行" in alphabet.characters
    assert "𠀀" in alphabet.characters
    assert "银行" in words
    assert not set("甲乙丙丁戊己庚辛") & {*alphabet.characters, *words.words}  # each stands once
    assert model.bilm.char_cnn.embedding.weight.shape == (len(alphabet) + 7, 4)
    assert model.bilm.word_embedding.embedding.weight.shape == (len(words) + 1, 100)


def test_a_text_without_a_word_that_comes_twice_is_refused_and_leaves_nothing(tmp_path):
    (tmp_path / "c.txt").write_text("a b c\nd e f\n")
    for layer, what in (("words", "no word"), ("alphabet", "no character")):
        with pytest.raises(TextError, match=f"{what} occurs more than once in the corpus"):
            start(tmp_path / "c.txt", tmp_path / "run", layer)
    assert [p.name for p in tmp_path.iterdir()] == ["c.txt"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["bilm.char_cnn=none"], "bilm: .*neither char_cnn nor word_embedding"),
        (["bilm.char_cnn.alphabet_size=0"], "alphabet_size: Input should be greater than 0"),
        (["bilm.word_embedding.sizes=3"], "word_embedding.sizes: no such setting"),
    ],
)
def test_an_input_layer_that_cannot_work_is_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        pretrain_config({}, overrides)


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_a_step_loses_what_the_forward_pass_loses_whatever_the_input_layer(layer):
    """A word vector that had seen its own target would lower one of the two."""
    model = model_of(layer, scale=1.0)
    sentence = ["the", "river", "日本", "never", "."]
    found = measure_perplexity(model, [sentence])
    assert loss_of_first_step(model, sentence) == pytest.approx(found.forward_nats + found.backward_nats, rel=1e-5)


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_the_token_layer_of_training_is_that_of_inference_whatever_the_input_layer(layer):
    model = model_of(layer)
    ids = torch.from_numpy(model.word_encoder.encode(["a", "river", "日本" * 20, "", "bank", "ö", "<S>"]))
    bilm = model.bilm.double()
    assert torch.allclose(bilm.forward_train(ids, None), bilm.token_layer(ids), atol=1e-12)
