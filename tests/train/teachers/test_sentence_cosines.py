"""A token layer changed towards a teacher's cosines: nothing above it changes, and the cosines come nearer."""

import numpy as np
import pytest
import torch

from conftest import SMALL, TEXT, small_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError
from elmo.model.bilm import BiLM
from elmo.model.config import WordEmbeddingConfig
from elmo.train.perplexity import measure_perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run
from elmo.train.teachers.bilm_teacher import BiLMTeacher
from elmo.train.teachers.sentence_cosines import TokenMap, change_token_layer, fit_sentence_cosines, fitted_map
from teachers import write_teacher

RECIPE = {"rows": 4, "window": 20, "n_negatives": 6, "dropout": 0.0}
SENTENCES = [line.split() for line in TEXT.splitlines() if len(line.split()) > 3]


def cosines(x):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit @ unit.T


def difference(own, of_teacher):
    """The mean squared difference of the cosines of different sentences."""
    differ = ~np.eye(len(own), dtype=bool)
    return np.mean((cosines(own) - cosines(of_teacher))[differ] ** 2)


@pytest.mark.parametrize(("with_characters", "with_words"), [(True, False), (True, True), (False, True)])
def test_every_layer_above_stays_what_it_was(with_characters, with_words):
    torch.manual_seed(0)
    config = SMALL
    if with_words:
        config = config.model_copy(update={"word_embedding": WordEmbeddingConfig(size=5, n_words=7)})
    if not with_characters:
        config = config.model_copy(update={"char_cnn": None})
    bilm, P = BiLM(config), SMALL.projection_size
    C = (config.max_characters or 0) + with_words
    ids = torch.randint(1, 7, (3, 6, C))
    mask = torch.ones(3, 6, dtype=torch.bool)
    mask[1, 4:] = False
    before, state = bilm(ids, mask)
    tokens = bilm.token_layer(ids)
    matrix, shift = torch.randn(P, P) + 2 * torch.eye(P), torch.randn(P)
    change_token_layer(bilm, TokenMap(matrix, shift))
    after, changed_state = bilm(ids, mask)
    assert torch.allclose(bilm.token_layer(ids), (tokens - shift) @ matrix.t(), atol=1e-5)
    assert torch.allclose(after[:, 1:], before[:, 1:], atol=1e-5)
    assert torch.allclose(changed_state.forward.hidden, state.forward.hidden, atol=1e-5)
    assert not torch.allclose(after[:, 0], before[:, 0], atol=0.1)


def test_the_map_finds_the_directions_that_the_teacher_means():
    """Means of the student: what the teacher says, turned, beside a large direction that all share and noise."""
    rng = np.random.default_rng(0)
    said = rng.normal(size=(300, 6)).astype(np.float32)
    mixing = np.linalg.qr(rng.normal(size=(10, 10)))[0][:, :6]
    means = said @ mixing.T + 4 * rng.normal(size=(1, 10)) + 0.1 * rng.normal(size=(300, 10))
    means = means.astype(np.float32)
    found = fitted_map(torch.from_numpy(means), torch.from_numpy(said))
    changed = (means - found.shift.numpy()) @ found.matrix.numpy().T
    assert difference(means, said) > 0.3
    assert difference(changed, said) < 0.005
    assert np.linalg.norm(changed) == pytest.approx(np.linalg.norm(means), rel=1e-5)
    assert np.linalg.cond(found.matrix.numpy()) < 20


def test_probabilities_stay_and_cosines_come_nearer():
    model, teacher = small_model(), BiLMTeacher(small_model(seed=5))
    taught = [t.layers[-1].mean(dim=0).numpy() for t in teacher.read(SENTENCES)]
    own = lambda: np.stack([v.mean(axis=0) for v in Elmo(model).embed(SENTENCES, layers=0)])  # noqa: E731
    before, nats = own(), measure_perplexity(model, SENTENCES)
    fit_sentence_cosines(model, teacher, SENTENCES)
    assert difference(own(), np.stack(taught)) < 0.5 * difference(before, np.stack(taught))
    after = measure_perplexity(model, SENTENCES)
    assert (after.forward, after.backward) == pytest.approx((nats.forward, nats.backward), rel=1e-5)


@pytest.mark.parametrize("sentences", [[], SENTENCES[:1], [["a", "b"]] * 5])
def test_too_few_sentences_change_nothing(sentences):
    model = small_model()
    before = {name: t.clone() for name, t in model.bilm.state_dict().items()}
    fit_sentence_cosines(model, BiLMTeacher(small_model(seed=5)), sentences)
    assert all(torch.equal(t, before[name]) for name, t in model.bilm.state_dict().items())


def test_a_run_ends_with_it_and_goes_on_without(tmp_path):
    """The model in the folder has the changed token layer; checkpoints have not, so a resumed run equals an unbroken one."""
    teacher = write_teacher(tmp_path / "teacher")
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    models = {}
    for name, number in (("plain", 0), ("fitted", 40), ("broken", 40)):
        recipe = pretrain_config({**RECIPE, "bilm": SMALL.model_dump(), "teacher": {"sentence_cosines": number}}, [])
        start_run([corpus], tmp_path / name, recipe, teacher=str(teacher), max_steps=4)
        if name == "broken":
            calls = iter(range(2))
            continue_run(tmp_path / name, stop=lambda calls=calls: next(calls, None) is None)
        continue_run(tmp_path / name)
        models[name] = Elmo(load_model(tmp_path / name)).embed([["The", "bank", "of", "the", "river"]], layers="all")[0]
    assert np.array_equal(models["fitted"], models["broken"])
    assert models["fitted"][1:] == pytest.approx(models["plain"][1:], abs=1e-5)
    assert models["fitted"][0] != pytest.approx(models["plain"][0], abs=1e-3)


@pytest.mark.parametrize("settings", [{"tied": True}, {"bilm": {"encoder": {"kind": "gated_cnn"}}}])
def test_what_cannot_be_undone_above_is_refused(tmp_path, settings):
    save_native(small_model(), tmp_path / "teacher")
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    recipe = pretrain_config({"size": "tiny", **RECIPE, "teacher": {"sentence_cosines": 5}, **settings}, [])
    with pytest.raises(ConfigError, match="sentence_cosines needs LSTM layers"):
        start_run([corpus], tmp_path / "run", recipe, teacher=str(tmp_path / "teacher"))
    assert not (tmp_path / "run").exists()
