"""The English model in the package: what it is, what it weighs, what it knows."""

import hashlib

import numpy as np
import pytest

from elmo.apps.studies.demo import run_demo
from elmo.checkpoints.load import BUNDLED, load_model
from elmo.embed.embedder import Elmo
from elmo.text.tokens import tokenize
from elmo.train.perplexity import measure_perplexity

FOLDER = BUNDLED / "en"
FROZEN_VOCABULARY = "2cbab3d8f9effb0950a96fcee506b051313355cb0c13292a3fb896dac039d83b"
# Written for this test, so that it stands in no corpus.
TEXT = [
    "The doctor told her that the pain in her chest was not caused by the heart .",
    "When the rain had stopped , the children ran down to the river .",
    "In the nineteenth century , many people left the country to look for work in the city .",
    "A company pays interest on the money that it has borrowed from a bank .",
    "He did not know what to say , so he said nothing at all .",
]


@pytest.fixture(scope="module")
def model():
    return load_model("en")


def test_it_is_small_and_whole():
    assert {p.name for p in FOLDER.iterdir()} == {"config.json", "model.safetensors", "vocabulary.txt", "README.md"}
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) <= 30_000_000


def test_its_vocabulary_is_frozen(model):
    assert hashlib.sha256((FOLDER / "vocabulary.txt").read_bytes()).hexdigest() == FROZEN_VOCABULARY
    assert len(model.vocabulary) == 30_003
    assert model.vocabulary.words[:5] == ("<S>", "</S>", "<UNK>", ",", "the")


def test_its_card_names_texts_licences_and_figures(model):
    for needed in ("OpenStax", "Rice University", "MedQuAD", "CC BY 4.0", "CC0", "elmo pretrain", "perplexity"):
        assert needed in model.card
    assert model.config.training["epochs"] > 6
    assert f"{model.config.training['heldout_mean']:.2f}" in model.card


def test_text_is_far_likelier_than_its_words_shuffled(model):
    sentences = [line.split() for line in TEXT]
    shuffled = [list(np.random.default_rng(0).permutation(words)) for words in sentences]
    own, other = (measure_perplexity(model, s) for s in (sentences, shuffled))
    assert own.mean < 100
    assert other.mean > 8 * own.mean


def test_four_of_five_words_are_told_apart(tmp_path):
    assert run_demo("en", tmp_path / "demo").words_told_apart >= 4


def test_warm_and_zero_starts_differ_less_and_less():
    elmo = Elmo.from_pretrained()
    (zero,), (warm,) = (elmo.embed([TEXT[0].split()], state=state) for state in ("zero", "warm"))
    difference = np.linalg.norm((zero - warm)[:, : elmo.width // 2], axis=1)  # the forward direction
    assert difference[:4].mean() > 1.3 * difference[-4:].mean() > 0


CHINESE = [
    "第一条为了保护公民的合法权益，根据宪法，制定本法。",
    "他是中国著名的历史学家，曾任北京大学教授。",
    "我在朦胧中，眼前展开一片海边碧绿的沙地来。",
]


def test_the_chinese_model_is_small_and_its_card_names_its_texts():
    folder = BUNDLED / "zh"
    assert sum(p.stat().st_size for p in folder.iterdir()) <= 15_000_000
    model = load_model("zh")
    for needed in ("CC0", "Lu Xun", "elmo pretrain", "perplexity", "characters"):
        assert needed in model.card
    assert model.config.training["heldout_mean"] < 40


def test_chinese_is_far_likelier_than_its_characters_shuffled():
    model = load_model("zh")
    sentences = [[token.text for token in tokenize(line)] for line in CHINESE]
    shuffled = [list(np.random.default_rng(0).permutation(characters)) for characters in sentences]
    own, other = (measure_perplexity(model, s) for s in (sentences, shuffled))
    assert own.mean < 60
    assert other.mean > 8 * own.mean


def test_a_character_is_a_token_and_knows_which_word_it_is_in():
    elmo = Elmo.from_pretrained("zh")
    vectors = elmo.embed(["他在银行工作。", "他去银行存钱。", "他在路上行走。"], layers="top")
    indices = [list(text).index("行") for text in ("他在银行工作。", "他去银行存钱。", "他在路上行走。")]
    bank, same, walk = (v[at] / np.linalg.norm(v[at]) for v, at in zip(vectors, indices, strict=True))
    assert bank @ same > bank @ walk + 0.1
