"""Models whose softmax was never published: a new softmax first, then both; exact in its resume."""

from dataclasses import replace

import pytest
import torch

from conftest import CUTOFFS, TEXT, WORDS, model_of, small_model
from elmo.apps.models.convert import convert_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import PRETOKENIZED
from elmo.errors import ConfigError
from elmo.text.words.characters import Boundaries
from elmo.text.words.encoded_words import read_encoded_words
from elmo.train.recipe import pretrain_config
from elmo.train.run_state import checkpoints_of
from elmo.train.runs.begin import start_run
from elmo.train.runs.start_model import START_FOLDER

SETTINGS = {
    "rows": 4,
    "window": 7,
    "n_negatives": 6,
    "dropout": 0.1,
    "log_every": 1,
    "evaluate_every": 5,
    "checkpoint_minutes": 1e-9,
    "keep_checkpoints": 99,
    "optimizer": {"warmup_steps": 2, "learning_rate": 0.02},
    "adaptation": {"softmax_steps": 6, "softmax_rate": 3.0, "layer_rate": 0.5},
}
N_STEPS = 12


@pytest.fixture
def published(tmp_path):
    """A model in AllenNLP's format, which holds no softmax."""
    save_allennlp(small_model(scale=1.0), tmp_path / "published")
    return tmp_path / "published"


def begin(tmp_path, name, start, overrides=(), say=lambda line: None, max_steps=N_STEPS, **options):
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    recipe = pretrain_config(SETTINGS, list(overrides))
    start_run([corpus], tmp_path / name, recipe, start=str(start), max_steps=max_steps, say=say, **options)
    return tmp_path / name


def equal(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


@pytest.mark.parametrize("softmax", ["sampled", "full", "adaptive"])
def test_the_bilm_is_bitwise_as_it_was_until_the_softmax_has_learned(tmp_path, published, softmax):
    said = []
    out = begin(tmp_path, "run", published, [f"softmax={softmax}"], said.append)
    assert "the first 6 steps train the softmax alone" in said
    assert continue_run(out).finished
    before, checkpoints = load_model(published), checkpoints_of(out / "checkpoints")
    assert [int(path.name[-9:]) for path in checkpoints] == list(range(1, N_STEPS + 1))
    for number, path in enumerate(checkpoints, start=1):
        model = load_model(path)
        assert equal(model.bilm, before.bilm) == (number <= 6), number
    assert not equal(load_model(checkpoints[4]).softmax, load_model(checkpoints[5]).softmax)
    assert {"the", "river", "bank"} < set(load_model(out).vocabulary.words)
    assert load_model(out / START_FOLDER).softmax is None


@pytest.mark.parametrize("softmax", ["sampled", "full", "adaptive"])
@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "sgd"])
def test_a_run_resumed_in_either_phase_equals_an_unbroken_one_bit_for_bit(tmp_path, published, softmax, optimizer):
    overrides = [f"softmax={softmax}", f"optimizer.name={optimizer}"]
    whole, broken = (begin(tmp_path, name, published, overrides) for name in ("whole", "broken"))
    continue_run(whole)
    for n_steps in (3, 3, 3):  # within the first phase, at its end, within the second
        calls = iter(range(99))
        assert not continue_run(broken, stop=lambda calls=calls, n=n_steps: next(calls) >= n - 1).finished
    assert [int(p.name[-9:]) for p in checkpoints_of(broken / "checkpoints")] == list(range(1, 10))
    assert continue_run(broken).finished
    a, b = load_model(whole), load_model(broken)
    assert equal(a.bilm, b.bilm)
    assert equal(a.softmax, b.softmax)


def test_each_phase_has_its_own_warm_up_and_only_the_second_decays(tmp_path, published):
    reports = []
    continue_run(begin(tmp_path, "run", published), report=reports.append)
    rates = [line.learning_rate for line in reports]
    assert rates[:6] == pytest.approx([0.02, 0.04, *[0.06] * 4])
    assert rates[6:9] == pytest.approx([0.02 / 3, 0.04 / 3, 0.02])
    assert rates[8] > rates[9] > rates[10] > rates[11] > 0


def test_a_vocabulary_may_be_given_for_a_new_softmax_and_for_no_other(tmp_path, published):
    (tmp_path / "v.txt").write_text("".join(f"{word}\n" for word in WORDS))
    out = begin(tmp_path, "run", published, vocabulary_file=tmp_path / "v.txt")
    continue_run(out)
    assert load_model(out).vocabulary.words == tuple(WORDS)
    with pytest.raises(ConfigError, match="has its own vocabulary"):
        begin(tmp_path, "again", out, vocabulary_file=tmp_path / "v.txt")


@pytest.mark.parametrize("cutoffs", [None, CUTOFFS])
def test_a_model_with_softmax_gains_words_and_begins_as_it_was(tmp_path, cutoffs):
    model = small_model(scale=1.0, cutoffs=cutoffs)
    save_native(model, tmp_path / "model")
    kind = "sampled" if cutoffs is None else "adaptive"
    overrides = ["adaptation.softmax_steps=none", "adaptation.new_words=3", f"softmax={kind}"]
    out = begin(tmp_path, "run", tmp_path / "model", [*overrides, "optimizer.learning_rate=1e-9"], max_steps=1)
    continue_run(out)
    found = load_model(out)
    assert found.vocabulary.words[: len(WORDS)] == tuple(WORDS)
    assert len(found.vocabulary) == len(WORDS) + 3
    for p, q in zip(found.bilm.parameters(), model.bilm.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-7)
    assert '"new_words":3' in (out / "run.json").read_text().replace(" ", "")


@pytest.mark.filterwarnings("ignore:.*of the characters of this text are not among")
def test_a_model_of_elmoformanylangs_is_adapted_with_its_own_boundaries(tmp_path):
    boundaries = Boundaries("<bos>", "<eos>")
    model = model_of("alphabet, words", scale=1.0)
    bare = replace(model, config=model.config.model_copy(update={"boundaries": boundaries, "n_words": None}))
    bare = replace(bare, softmax=None, vocabulary=None)
    save_many_langs(bare, tmp_path / "published")
    before = load_model(tmp_path / "published")
    assert before.config.boundaries == boundaries
    out = begin(tmp_path, "run", tmp_path / "published")
    assert continue_run(out).finished
    model = load_model(out)
    assert model.config.boundaries == boundaries
    marks = read_encoded_words(out / "words").spellings[:2]
    assert (marks == model.word_encoder.encode(["<bos>", "<eos>"])).all()
    assert (marks != model.word_encoder.encode(["<S>", "</S>"])).any()
    convert_model(str(out), tmp_path / "back", "elmoformanylangs", verify=True)
    assert load_model(tmp_path / "back").config.bilm == before.config.bilm
    again = begin(tmp_path, "again", out, ["adaptation=none"])  # as `pretrain --start`
    assert continue_run(again).finished


def test_what_cannot_be_adapted_is_refused_and_leaves_nothing(tmp_path, published):
    with pytest.raises(ConfigError, match="has no softmax, and distillation = 1 trains none"):
        begin(tmp_path, "run", published, ["distillation=1"])
    with pytest.raises(ConfigError, match=r"has no softmax to train; `elmo adapt` learns a new one first"):
        begin(tmp_path, "run", published, ["adaptation=none"])
    with pytest.raises(ConfigError, match="adaptation needs a model that the run starts from"):
        start_run([tmp_path / "c.txt"], tmp_path / "run", pretrain_config(SETTINGS, []))
    model = small_model()
    raw = replace(model, config=model.config.model_copy(update={"tokenizer": PRETOKENIZED}))
    save_native(raw, tmp_path / "model")
    with pytest.raises(ConfigError, match="was trained with --pretokenized"):
        begin(tmp_path, "run", tmp_path / "model")
    assert not (tmp_path / "run").exists()
