"""A task with a scope: trained, asked why, measured, saved and loaded; damaged files of it; tasks without one."""

import json
import warnings

import numpy as np
import pytest
import torch

from conftest import SMALL_TASK, small_model
from elmo import Elmo, load_task
from elmo.errors import CheckpointError, ConfigError
from elmo.tasks import train
from elmo.tasks.fit import data_of
from elmo.tasks.kinds.registry import kind_of, task_config
from elmo.tasks.scope.evidence import bits_of_tokens, evidence_of, log_odds, surprisal_of, token_nats
from elmo.tasks.scope.fit_scope import divide
from elmo.tasks.scope.settings import ScopeConfig

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*of this text"),
    pytest.mark.filterwarnings("ignore:the task has learned nothing"),
]
WORDS = {"money": "bank lends", "river": "bank the", "sea": "wave salt", "sky": "cloud blue"}
SETTINGS = {**SMALL_TASK, "epochs": 6, "ngrams": True}


def texts(label, n):
    rng = np.random.default_rng(len(label) * n)
    return [" ".join([label, *rng.choice(WORDS.get(label, "x y").split(), 2), "."][: 2 + i % 3]) for i in range(n)]


def plain_examples(pairs):
    config = task_config(task="classify")
    return [kind_of(config).labelled(config, pair, i, "example") for i, pair in enumerate(pairs, 1)]


TRAIN = [(text, label) for label in WORDS for text in texts(label, 12)]
DEV = [(text, label) for label in WORDS for text in texts(label, 20)]
OUTSIDE = [(text, "oos") for text in texts("never seen at all", 24)]


def made(dev, model=None, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train(TRAIN, dev, model=model, scope={"keep": 0.9}, **{**SETTINGS, **more})


@pytest.fixture(scope="module")
def bilm():
    return Elmo(small_model(scale=1.5))


@pytest.fixture(scope="module")
def task(bilm):
    return made(DEV + OUTSIDE, bilm)


@pytest.fixture(scope="module")
def surprised(bilm):
    """A task whose texts out of scope are those that its biLM expects least."""
    words = [word for label in WORDS for word in [label, *WORDS[label].split()]]
    rng = np.random.default_rng(0)
    candidates = [" ".join(rng.choice(words, 3)) for _ in range(300)]
    bits = [score.bits for score in bilm.score(candidates)]
    return made(DEV + [(candidates[i], "oos") for i in np.argsort(bits)[-24:]], bilm)


@pytest.fixture(scope="module")
def plain():
    return made(DEV)


def test_surprisal_is_read_where_it_counts(task, surprised):
    rule = surprised.scope.rule
    assert rule.features == ["probability", "mahalanobis", "nearest", "ngrams", "surprisal"]
    assert rule.weights[-1] > 0
    (one,) = surprised(["money the bank"])
    assert one.scope.features["surprisal"] == pytest.approx(
        surprisal_of(token_nats(surprised.elmo.model, plain_examples([("money the bank", "money")]))[0])
    )
    assert "surprisal" not in task.scope.rule.features  # its weight is 0
    (other,) = task(["money the bank"])
    assert "surprisal" not in other.scope.features


def test_texts_out_of_scope_are_what_the_weights_are_fitted_on(task):
    rule = task.scope.rule
    assert (rule.fitted_on, rule.n_inside, rule.n_outside) == ("examples out of scope", 40, 24)
    assert len(rule.calibration) == 40
    assert np.mean(np.array(rule.calibration) >= rule.threshold) >= 0.9
    assert task.file.training["scope_threshold"] == rule.threshold


def test_without_them_each_label_is_left_out_in_turn(plain):
    rule = plain.scope.rule
    assert rule.features == ["probability", "mahalanobis", "nearest", "ngrams"]
    assert (rule.fitted_on, rule.n_inside, rule.n_outside) == ("labels left out", 40, 40)
    inside = [p.scope.score for p in plain([text for text, _ in DEV])]
    outside = [p.scope.score for p in plain([text for text, _ in OUTSIDE])]
    assert np.mean(inside) > np.mean(outside) + 0.2


def test_the_network_is_not_changed_by_the_half_that_is_set_aside(plain):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        division = divide(ScopeConfig(keep=0.9), plain_examples(DEV), list(WORDS), 0, 0, "dev")
        chosen = [DEV[i] for i in division.chosen]
        other = train(TRAIN, chosen, model=None, **SETTINGS)
    for name, weight in plain.model.state_dict().items():
        assert torch.equal(weight, other.model.state_dict()[name]), name
    assert not set(division.chosen) & set(division.calibration)
    assert len(division.chosen) + len(division.calibration) == len(DEV)


def test_a_scope_changes_no_label_and_no_probability(task, bilm):
    examples = plain_examples(DEV)
    predicted = task.predict(examples)
    evidence = evidence_of(task.model, data_of(examples, task._layers), task.words, task.file.config)
    assert [p.scores for p in predicted] == [p.scores for p in task.model.labelled(evidence.logits)]
    bare = type(task)(task.file, task.model, task.words, task.elmo)
    assert [(p.labels, p.scores) for p in bare.predict(examples)] == [(p.labels, p.scores) for p in predicted]


def test_a_prediction_says_why(task):
    text = TRAIN[0][0]
    (found,) = task([text], why=True)
    assert (found.scope.nearest[0].text, found.scope.nearest[0].label) == TRAIN[0]
    assert found.scope.nearest[0].cosine == pytest.approx(1, abs=2e-3)
    cosines = [one.cosine for one in found.scope.nearest]
    assert (len(cosines), cosines) == (3, sorted(cosines, reverse=True))
    bits = [one.bits for one in found.scope.surprising]
    assert (len(bits), bits) == (len(text.split()), sorted(bits, reverse=True))
    assert all(text[w.start : w.end] == w.text for w in found.scope.surprising)
    facts = found.facts()
    assert facts["in_scope"] == found.scope.inside
    assert json.loads(json.dumps(facts))["nearest"][0]["text"] == found.scope.nearest[0].text
    (brief,) = task([text])
    assert (brief.scope.nearest, brief.scope.surprising) == ((), ())
    assert brief.scope.score == found.scope.score


def test_surprisal_is_that_of_the_score_of_the_model(task, bilm):
    examples = plain_examples([("the river bank .", "river"), ("money", "money")])
    for nats, score in zip(token_nats(bilm.model, examples), bilm.score([e.text for e in examples]), strict=True):
        assert surprisal_of(nats) == pytest.approx(-score.bits * np.log(2) / len(score.forward_bits))
        assert bits_of_tokens(nats) == pytest.approx(score.token_bits)


def test_a_text_out_of_scope_gets_no_label(task):
    found = task([text for text, _ in DEV + OUTSIDE] + [""])
    for one in found:
        assert one.scope.inside == (one.scope.score >= task.scope.rule.threshold)
        facts = one.facts()
        assert ("label" in facts) == one.scope.inside
        assert one.shown("text", None).startswith("-\t") != one.scope.inside
    assert not found[-1].scope.inside
    assert {p.scope.inside for p in found} == {True, False}


def test_an_evaluation_has_the_scores_of_the_scope(task):
    scores = task.evaluate(DEV + OUTSIDE).facts()
    found = task([text for text, _ in DEV + OUTSIDE])
    out = [not p.scope.inside for p in found]
    assert scores["scope_threshold"] == task.scope.rule.threshold
    assert scores["in_scope_told"] == pytest.approx(100 * np.mean([not x for x in out[: len(DEV)]]))
    assert scores["out_of_scope_recall"] == pytest.approx(100 * np.mean(out[len(DEV) :]))
    assert "min_score" not in scores
    assert {"in_scope_accuracy", "in_out_auroc"} <= set(scores)
    by_probability = task.evaluate(DEV + OUTSIDE, min_score=0.5).facts()
    assert (by_probability["min_score"], "scope_threshold" in by_probability) == (0.5, False)
    assert "out_of_scope_recall" not in task.evaluate(DEV).facts()
    assert "in_scope_told" in task.evaluate(DEV).facts()


@pytest.mark.parametrize("name", ["task", "surprised", "plain"])
def test_a_loaded_task_predicts_the_same(name, request, tmp_path):
    task = request.getfixturevalue(name)
    task.save(tmp_path / "t")
    loaded = load_task(tmp_path / "t")
    some = [text for text, _ in DEV[::3] + OUTSIDE[::3]] + [""]
    assert loaded(some, why=True) == task(some, why=True)
    loaded.save(tmp_path / "u")
    for file in ("scope.json", "scope.safetensors", "config.json"):
        assert (tmp_path / "t" / file).read_bytes() == (tmp_path / "u" / file).read_bytes()


@pytest.mark.parametrize("network", [None, "biattentive"])
def test_the_last_layer_is_what_the_output_reads(network):
    task = made(DEV, network=network, epochs=1)
    examples = plain_examples(DEV[:5])
    batch = data_of(examples, None).batch(range(5), task.words, task.file.config)
    with torch.no_grad():
        last = task.model.last_layer(batch)
        assert last.shape == (5, task.model.last_width)
        assert torch.equal(task.model.logits_of(last), task.model.logits(batch))


def test_log_odds_are_those_of_the_softmax():
    logits = torch.randn(4, 3, dtype=torch.float64)
    p = logits.softmax(dim=1).amax(dim=1)
    assert torch.allclose(log_odds(logits), torch.log(p / (1 - p)))
    logits[:, 1] = -torch.inf
    assert log_odds(logits).isfinite().all()


@pytest.mark.parametrize("tuned", [{}, {"fine_tune": True, "unfreeze": 0}, {"fine_tune": True, "unfreeze": 1}])
def test_the_trained_task_scores_the_calibration_texts_as_its_training_did(bilm, tuned, tmp_path):
    task = made(DEV + OUTSIDE, bilm, epochs=3, elmo=tuned)
    division = divide(ScopeConfig(keep=0.9), plain_examples(DEV + OUTSIDE), list(WORDS), 0, 0, "dev")
    found = sorted(p.scope.score for p in task([DEV[i][0] for i in division.calibration]))
    assert found == pytest.approx(task.scope.rule.calibration, abs=0.01)  # layers in training are float16
    task.save(tmp_path / "t")
    some = [text for text, _ in DEV[::9]]
    assert [p.scope.score for p in load_task(tmp_path / "t")(some)] == [p.scope.score for p in task(some)]


def test_texts_out_of_scope_may_be_in_the_training_file():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "the task has learned nothing")
        task = train(TRAIN + OUTSIDE, DEV, model=None, scope={"keep": 0.9}, out_of_scope="oos", **SETTINGS)
    assert "oos" not in task.file.labels
    assert (task.scope.rule.fitted_on, task.scope.rule.n_outside) == ("examples out of scope", 24)
    assert not {text for text, _ in OUTSIDE} & set(task.scope.texts)


@pytest.mark.parametrize(
    ("dev", "settings", "says"),
    [
        (DEV[:30], {"scope": {"keep": 0.95}}, "sets 15 aside; scope.keep=0.95 needs at least 19"),
        (DEV, {"scope": {"keep": 1.0}}, "scope.keep"),
        (DEV, {"scope": {"calibration": 0.999}}, "and some more to choose the epoch"),
        (DEV, {"scope": {}, "multi_label": True, "ngrams": False}, "leave out scope or multi_label"),
    ],
)
def test_what_cannot_have_a_scope_is_refused_before_it_is_trained(dev, settings, says):
    with pytest.raises(ConfigError, match=says):
        train(TRAIN, dev, model=None, **{**SETTINGS, **settings})


def test_two_labels_need_texts_out_of_scope():
    two = [pair for pair in TRAIN if pair[1] in ("sea", "sky")]
    of_dev = [pair for pair in DEV if pair[1] in ("sea", "sky")]
    settings = {**SETTINGS, "epochs": 1, "scope": {"keep": 0.9}}
    with pytest.raises(ConfigError, match="a scope of 2 labels needs at least 20 examples out of scope, there are 0"):
        train(two, of_dev, model=None, **settings)
    task = train(two + OUTSIDE, of_dev, model=None, out_of_scope="oos", **settings)
    assert all(np.isfinite(list(p.scope.features.values())).all() for p in task(["sea", "who"]))


def test_a_task_without_a_scope_is_what_it_always_was(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task = train(TRAIN, DEV, model=None, **{**SETTINGS, "epochs": 1})
    task.save(tmp_path / "t")
    config = tmp_path / "t" / "config.json"
    content = json.loads(config.read_text())
    assert content["scope"] is None
    assert not {"scope", "language", "out_of_scope"} & set(content["config"])
    assert not (tmp_path / "t" / "scope.json").exists()
    del content["scope"]  # as older versions wrote it
    config.write_text(json.dumps(content))
    loaded = load_task(tmp_path / "t")
    assert loaded.scope is None
    (found,) = loaded(["sea salt"], why=True)
    assert found.scope is None
    assert set(found.facts()) == {"label", "score", "labels", "scores"}


def damage(folder, file, change):
    path = folder / file
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        ("scope.json", lambda c: c["rule"].pop("threshold"), "rule.threshold"),
        ("scope.json", lambda c: c["rule"]["weights"].pop(), "not one for each feature"),
        ("scope.json", lambda c: c["rule"].update(features=["surprisal"] * 4), "the task has no surprisal"),
        ("scope.json", lambda c: c["rule"].update(threshold=2), "less than or equal to 1"),
        ("scope.json", lambda c: c["rule"].update(deviations=[0, 0, 0, 0]), "greater than 0"),
        ("scope.json", lambda c: c["texts"].pop(), "do not fit the task"),
        ("scope.json", lambda c: c["labels"].__setitem__(0, 9), "do not fit the task"),
        ("scope.json", lambda c: c["texts"].__setitem__(0, 9), "texts.0"),
        ("config.json", lambda c: c["scope"].update(width=7), "for a last layer of 7 numbers"),
        ("config.json", lambda c: c["scope"].update(n_examples=7), "do not fit the task"),
        ("config.json", lambda c: c["scope"].update(version=2), "scope.version"),
    ],
)
def test_a_damaged_scope_is_refused_in_one_sentence(plain, tmp_path, file, change, says):
    plain.save(tmp_path / "t")
    damage(tmp_path / "t", file, change)
    with pytest.raises(CheckpointError) as error:
        load_task(tmp_path / "t")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["scope.json", "scope.safetensors"])
@pytest.mark.parametrize("how", ["gone", "cut", "empty"])
def test_a_scope_that_is_not_whole_is_refused(plain, tmp_path, file, how):
    plain.save(tmp_path / "t")
    path = tmp_path / "t" / file
    raw = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(raw[: len(raw) // 2] if how == "cut" else b"")
    with pytest.raises(CheckpointError, match=file):
        load_task(tmp_path / "t")


def test_a_text_with_half_of_a_surrogate_pair_can_be_stored(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task = train(
            [*TRAIN, ("sea \ud800 salt", "sea")], DEV, model=None, scope={"keep": 0.9}, **{**SETTINGS, "epochs": 1}
        )
    task.save(tmp_path / "t")
    assert load_task(tmp_path / "t").scope.texts[-1] == "sea ? salt"
