"""A task from labelled files to predictions: it learns, it comes back the same, it can be stopped, it refuses what it must."""

import json
import re
import shutil

import numpy as np
import pytest
import seqeval.metrics
import sklearn.metrics
import torch

from conftest import SMALL_TASK, facts_of_lines, small_model
from elmo import load_task
from elmo.apps.tasks.evaluate import compare_tasks, evaluate_task
from elmo.apps.tasks.task_report import task_page
from elmo.apps.tasks.train_task import CHECKPOINT, TaskRun, train_task
from elmo.checkpoints.formats.native import save_native
from elmo.errors import CheckpointError, ConfigError, ElmoError, OutputError, TextError, TrainingError
from elmo.tasks import fit
from elmo.tasks.data.conll import read_tagged
from elmo.tasks.examples import Example
from elmo.tasks.kinds.registry import learnable, task_config
from elmo.tasks.layers.ngrams import bag_of_text
from elmo.tasks.training import TrainingCallback

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

PLACES, PEOPLE, OTHERS = ["Paris", "Oslo", "New York"], ["Ann", "Bo Li"], ["saw", "the", "river", "bank", "of"]


def sentences(seed, n):
    """Sentences with places and people in BIO tags."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        words, tags = [], []
        for _ in range(rng.integers(3, 8)):
            kind, names = [("LOC", PLACES), ("PER", PEOPLE), *3 * [("", OTHERS)]][rng.integers(5)]
            name = names[rng.integers(len(names))].split()
            words += name
            tags += ["B-" + kind] + ["I-" + kind] * (len(name) - 1) if kind else ["O"]
        yield words, tags


def write_tagged(path, seed, n):
    path.write_text(
        "\n".join("".join(f"{w} {t}\n" for w, t in zip(*pair, strict=True)) for pair in sentences(seed, n)), "utf-8"
    )


def write_labelled(path, seed, n, several=False):
    """Texts whose labels are the kinds of the names in them."""
    with path.open("w", encoding="utf-8") as file:
        for words, tags in sentences(seed, n):
            kinds = sorted({tag[2:] for tag in tags} - {""})
            label = kinds if several else "place" if "LOC" in kinds else "none"
            file.write(json.dumps({"text": " ".join(words), "label": label}) + "\n")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, seed, n in (("train", 0, 120), ("dev", 1, 40), ("test", 2, 40)):
        write_tagged(folder / f"{name}.conll", seed, n)
        write_labelled(folder / f"{name}.jsonl", seed, n)
        write_labelled(folder / f"{name}.several.jsonl", seed, n, several=True)
    save_native(small_model(scale=1.5), folder / "model")
    return folder


def run_of(files, kind, **changes):
    task = "tag" if kind == "conll" else "classify"
    settings = {**SMALL_TASK, "task": task, "model": str(files / "model"), "multi_label": "several" in kind, **changes}
    return TaskRun(config=task_config(settings), train=files / f"train.{kind}", dev=files / f"dev.{kind}")


@pytest.fixture(scope="module")
def tagger(files):
    train_task(run_of(files, "conll"), files / "tagger", cache=files / "cache")
    return files / "tagger"


@pytest.fixture(scope="module")
def classifier(files):
    train_task(run_of(files, "jsonl"), files / "classifier", cache=files / "cache")
    return files / "classifier"


def test_a_tagger_finds_names_at_their_offsets_in_the_text(tagger, files):
    scores = evaluate_task(tagger, files / "test.conll")
    assert scores["f1"] > 95
    assert scores["f1_low"] <= scores["f1"] <= scores["f1_high"]
    text = "the  Bo Li saw New York"
    (found,) = load_task(tagger)([text])
    assert [(e.text, e.label) for e in found.entities] == [("Bo Li", "PER"), ("New York", "LOC")]
    assert all(text[e.start : e.end] == e.text and 0.5 < e.score <= 1 for e in found.entities)
    assert found.tags == ["O", "B-PER", "I-PER", "O", "B-LOC", "I-LOC"]


def test_a_classifier_says_what_is_there_and_how_sure_it_is(classifier, files):
    scores = evaluate_task(classifier, files / "test.jsonl")
    assert scores["accuracy"] > 90
    yes, no = load_task(classifier)(["Ann saw Paris", "the river of Ann"])
    assert (yes.labels, no.labels) == (["place"], ["none"])
    assert sum(yes.scores.values()) == pytest.approx(1)


def test_a_biattentive_classifier_learns_and_comes_back(files, tmp_path):
    run = run_of(files, "jsonl", network="biattentive", optimizer={"learning_rate": 0.005, "warmup_steps": 20})
    facts = train_task(run, tmp_path / "t", cache=files / "cache")
    assert facts["dev_accuracy"] > 90
    assert evaluate_task(tmp_path / "t", files / "dev.jsonl")["accuracy"] == pytest.approx(facts["dev_accuracy"])


def test_a_bag_of_n_grams_speaks_beside_the_network_and_comes_back(files, classifier, tmp_path):
    facts = train_task(run_of(files, "jsonl", ngrams=True), tmp_path / "t", cache=files / "cache")
    assert evaluate_task(tmp_path / "t", files / "dev.jsonl")["accuracy"] == pytest.approx(facts["dev_accuracy"])
    alone, both = load_task(classifier), load_task(tmp_path / "t")
    for name, weight in alone.model.state_dict().items():  # the network learns what it learns alone
        assert name == "temperature" or torch.equal(both.model.state_dict()[name], weight), name
    assert both.model.ngram_share > 0
    assert [found.labels for found in both(["Ann saw Paris", "the river of Ann"])] == [["place"], ["none"]]
    both.model.temperature.fill_(1e9)  # the network falls silent
    both.model.ngram_share.fill_(1)
    test = both.read(files / "test.jsonl")
    for example, found in zip(test, both.predict(test), strict=True):
        assert list(found.scores.values()) == pytest.approx(
            both.model.ngrams([bag_of_text(example)]).exp()[0].tolist(), abs=1e-4
        )
    assert np.mean([found.labels == e.labels for e, found in zip(test, both.predict(test), strict=True)]) > 0.8
    with pytest.raises(ValueError, match="one label each"):
        run_of(files, "several.jsonl", ngrams=True)


@pytest.mark.parametrize("network", [None, "biattentive"])
def test_texts_may_have_any_number_of_labels(files, network, tmp_path):
    train_task(run_of(files, "several.jsonl", network=network), tmp_path / "t", cache=files / "cache")
    assert evaluate_task(tmp_path / "t", files / "test.several.jsonl")["micro_f1"] > 90
    texts = [" ".join(words) for words, _ in sentences(2, 40)]
    found = load_task(tmp_path / "t")([*texts, ""])
    assert {tuple(sorted(f.labels)) for f in found} == {("LOC", "PER"), ("PER",), ("LOC",), ()}
    assert found[-1].labels == []


def test_tags_that_are_no_spans_are_measured_by_accuracy(files, tmp_path):
    for name in ("train", "dev"):
        text = (files / f"{name}.conll").read_text("utf-8")
        (tmp_path / f"{name}.conll").write_text(text.replace("B-", "").replace("I-", ""), "utf-8")
    train_task(
        run_of(files, "conll").model_copy(update={n: tmp_path / f"{n}.conll" for n in ("train", "dev")}), tmp_path / "t"
    )
    assert evaluate_task(tmp_path / "t", tmp_path / "dev.conll")["accuracy"] > 95
    (found,) = load_task(tmp_path / "t")(["Ann saw Oslo"])
    assert (found.tags, found.entities) == (["PER", "O", "LOC"], None)


def test_a_baseline_needs_no_bilm(files, tmp_path):
    train_task(run_of(files, "conll", model=None), tmp_path / "t")
    task = load_task(tmp_path / "t")
    assert task.elmo is None
    assert task(["Ann"])[0].tags == ["B-PER"]
    assert not (tmp_path / "t" / "elmo").exists()


def test_predictions_do_not_depend_on_their_neighbours(tagger, classifier):
    texts = ["Bo Li saw the bank of Oslo", "Ann", "the river of New York of the bank"]
    for folder in (tagger, classifier):
        task = load_task(folder)
        for text, among in zip(texts, task(texts), strict=True):
            (alone,) = task([text])
            assert among.facts().keys() == alone.facts().keys()
            assert getattr(among, "tags", None) == getattr(alone, "tags", None)
            assert getattr(among, "labels", None) == getattr(alone, "labels", None)


def test_an_empty_text_and_odd_texts_have_predictions(tagger, classifier):
    for folder in (tagger, classifier):
        found = load_task(folder)(["", " \t", "日本海 \u200f \U0001f469", ["a b", "c"], "x" * 5000])
        assert len(found) == 5
    assert load_task(tagger)([""])[0].entities == []
    with pytest.raises(TextError, match="a list of texts"):
        load_task(tagger)("Ann")
    with pytest.raises(TextError, match="text 2 is 3"):
        load_task(tagger)(["Ann", 3])


class Halted(BaseException):
    """As a signal would stop a run."""


class StopsAfter(TrainingCallback):
    def __init__(self, epoch):
        self.last = epoch

    def epoch(self, epoch, name):
        if epoch.epoch == self.last:
            raise Halted


@pytest.mark.parametrize("kind", ["conll", "jsonl"])
def test_a_run_that_was_stopped_comes_to_the_same_weights(files, tmp_path, kind):
    run = run_of(files, kind, epochs=4)
    train_task(run, tmp_path / "whole", cache=files / "cache")
    with pytest.raises(Halted):
        train_task(run, tmp_path / "parts", cache=files / "cache", watch=StopsAfter(2))
    with pytest.raises(Halted):
        train_task(None, tmp_path / "parts", resume=True, cache=files / "cache", watch=StopsAfter(3))
    assert (tmp_path / "parts" / CHECKPOINT).is_dir()
    torch.manual_seed(99)  # what the process drew before does not matter
    train_task(None, tmp_path / "parts", resume=True, cache=files / "cache")
    whole, parts = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
    assert not (tmp_path / "parts" / CHECKPOINT).exists()
    with pytest.raises(TrainingError, match="training of this task is complete"):
        train_task(None, tmp_path / "parts", resume=True)


def test_a_task_that_is_to_be_replaced_stays_until_the_new_one_is_whole(files, tmp_path, monkeypatch):
    """`--force` removes nothing before there is something better."""
    old, new = run_of(files, "jsonl", epochs=1), run_of(files, "jsonl", epochs=3, seed=7)
    train_task(new, tmp_path / "alone", cache=files / "cache")
    train_task(old, tmp_path / "t", cache=files / "cache")
    before = load_task(tmp_path / "t")(["the bank of the river"])
    with pytest.raises(Halted):
        train_task(new, tmp_path / "t", force=True, cache=files / "cache", watch=StopsAfter(2))
    assert load_task(tmp_path / "t")(["the bank of the river"]) == before
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", lambda *_, **__: (_ for _ in ()).throw(Halted))
        with pytest.raises(Halted):  # all is trained, but the folders were not exchanged
            train_task(None, tmp_path / "t", resume=True, cache=files / "cache")
    assert load_task(tmp_path / "t")(["the bank of the river"]) == before
    train_task(None, tmp_path / "t", resume=True, cache=files / "cache")
    files_of = {path.relative_to(tmp_path / "t") for path in (tmp_path / "t").rglob("*")}
    assert files_of == {path.relative_to(tmp_path / "alone") for path in (tmp_path / "alone").rglob("*")}
    alone, replaced = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("alone", "t"))
    assert alone == replaced
    with pytest.raises(TrainingError, match="training of this task is complete"):
        train_task(None, tmp_path / "t", resume=True)


def test_a_resume_refuses_what_has_changed(files, tmp_path):
    for name in ("train", "dev"):
        write_labelled(tmp_path / f"{name}.jsonl", 0, 20)
    run = run_of(files, "jsonl").model_copy(update={n: tmp_path / f"{n}.jsonl" for n in ("train", "dev")})
    with pytest.raises(Halted):
        train_task(run, tmp_path / "t", cache=files / "cache", watch=StopsAfter(1))
    (tmp_path / "t" / CHECKPOINT / "place.json").write_text("{}}")
    with pytest.raises(CheckpointError, match="not a checkpoint of this run"):
        train_task(None, tmp_path / "t", resume=True, cache=files / "cache")
    write_labelled(tmp_path / "train.jsonl", 5, 20)
    with pytest.raises(TrainingError, match="has changed since the run started"):
        train_task(None, tmp_path / "t", resume=True)
    with pytest.raises(TrainingError, match="no run to continue"):
        train_task(None, tmp_path / "nothing", resume=True)


def test_a_checkpoint_belongs_to_its_run(files, tmp_path):
    """B2."""
    for name, seed in (("a", 0), ("b", 1)):
        with pytest.raises(Halted):
            train_task(run_of(files, "jsonl", seed=seed), tmp_path / name, cache=files / "cache", watch=StopsAfter(1))
    shutil.rmtree(tmp_path / "b" / CHECKPOINT)
    shutil.copytree(tmp_path / "a" / CHECKPOINT, tmp_path / "b" / CHECKPOINT)
    with pytest.raises(CheckpointError, match="it was written by a run with other settings"):
        train_task(None, tmp_path / "b", resume=True, cache=files / "cache")


def test_training_ends_when_the_dev_file_no_longer_gets_better(files, tmp_path):
    facts = train_task(run_of(files, "jsonl", epochs=200, patience=2), tmp_path / "t", cache=files / "cache")
    assert facts["epochs"] == facts["best_epoch"] + 2


def test_a_task_is_compared_with_its_baseline(files, tagger, classifier, tmp_path):
    train_task(run_of(files, "conll", model=None, epochs=1), tmp_path / "b")
    facts = compare_tasks(tagger, tmp_path / "b", files / "test.conll")
    assert facts["difference"] == pytest.approx(facts["a_f1"] - facts["b_f1"])
    assert facts["low"] <= facts["difference"] <= facts["high"]
    assert facts["a_better_share"] > 90
    assert facts["error_reduction"] == pytest.approx(100 * facts["difference"] / (100 - facts["b_f1"]))
    same = compare_tasks(tagger, tagger, files / "test.conll")
    assert (same["difference"], same["a_better_share"]) == (0, 50)
    with pytest.raises(ConfigError, match="two tasks of the same kind"):
        compare_tasks(tagger, classifier, files / "test.conll")


@pytest.mark.parametrize("kind", ["conll", "jsonl"])
def test_a_page_tells_how_good_a_task_is_and_where_it_errs(files, tagger, classifier, kind, tmp_path):
    folder = tagger if kind == "conll" else classifier
    page = (folder / "report.html").read_text("utf-8")
    assert "Weight of each layer" in page
    assert page.count("<svg") == 2
    scores = evaluate_task(folder, files / f"test.{kind}", report=tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    assert f"<b>{scores['f1' if kind == 'conll' else 'accuracy']:.2f}</b>" in page
    assert f"test.{kind}" in page
    with pytest.raises(OutputError, match="exists already"):
        evaluate_task(folder, files / f"test.{kind}", report=tmp_path / "r.html")


def test_a_page_counts_mistakes_and_labels(tagger):
    task = load_task(tagger)
    predicted = task([["Ann", "saw", "New", "York"], ["Oslo"]])
    true = [["B-LOC", "O", "B-LOC", "I-LOC"], ["O"]]
    examples = [Example(p.tokens, labels, "", 1) for p, labels in zip(predicted, true, strict=True)]
    assert [p.tags for p in predicted] == [["B-PER", "O", "B-LOC", "I-LOC"], ["B-LOC"]]
    page = task_page(task, examples, predicted, "a.conll")
    numbers = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in page.split("<tr>")]
    assert ["LOC", "50.0", "50.0", "50.0", "2", "2"] in numbers
    assert ["PER", "0.0", "0.0", "0.0", "0", "1"] in numbers
    assert ["LOC", "PER", "1"] in numbers
    assert ["–", "LOC", "1"] in numbers


def test_lines_are_predicted_with_their_numbers(tagger, tmp_path):
    (tmp_path / "t.txt").write_bytes(b"Ann saw Oslo\r\n\nthe river")
    first, empty, last = facts_of_lines(tagger, str(tmp_path / "t.txt"))
    assert [e["text"] for e in first["entities"]] == ["Ann", "Oslo"]
    assert (empty["line"], empty["entities"], last["line"]) == (2, [], 3)


def test_a_task_moves_with_its_bilm_and_refuses_another(tagger, files, tmp_path):
    (tagger.rename(files / "moved")).rename(tagger)
    save_native(small_model(seed=3), tmp_path / "other")
    task = json.loads((tagger / "config.json").read_text())
    assert task["elmo"]["source"] == "elmo"
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("config.json", "model.safetensors", "words.txt"):
        (copy / name).write_bytes((tagger / name).read_bytes())
    (tmp_path / "other").rename(copy / "elmo")
    with pytest.raises(CheckpointError, match="is not the one that the task was trained with"):
        load_task(copy)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "give the folder of a trained task"),
        (lambda f: (f / "config.json").write_text("[]"), "not a task"),
        (lambda f: (f / "words.txt").write_text("one\n"), "does not fit its config"),
        (lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), "model.safetensors"),
    ],
)
def test_a_damaged_task_is_refused(tagger, tmp_path, damage, message):
    for name in ("config.json", "model.safetensors", "words.txt"):
        (tmp_path / name).write_bytes((tagger / name).read_bytes())
    shutil.copytree(tagger / "elmo", tmp_path / "elmo")
    damage(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        load_task(tmp_path)


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("conll", "", r"train\.conll: contains no sentence"),
        ("conll", "Ann O\nsaw O\n", r"train\.conll: 1 label"),
        ("conll", "Ann B-PER\n\nsaw NOUN\n", None),  # tags that are no spans
        ("jsonl", '{"text": "a", "label": 1}\n', r"train\.jsonl: 1 label\(s\) \(1\)"),
        ("jsonl", '{"text": "a", "label": [1, 2]}\n{"text": "b", "label": 3}\n', "multi_label=true"),
    ],
)
def test_files_that_cannot_be_learned_from_are_refused(files, tmp_path, kind, content, message):
    (tmp_path / f"train.{kind}").write_text(content)
    run = run_of(files, kind, epochs=1, inputs={"min_count": 1}).model_copy(
        update={"train": tmp_path / f"train.{kind}"}
    )
    if message is None:
        with pytest.warns(UserWarning, match="labels are not in the training file"):
            assert "dev_accuracy" in train_task(run, tmp_path / "t").facts()
        return
    with pytest.raises(ElmoError, match=message):
        train_task(run, tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_tags_of_no_span_are_named_by_line_where_spans_are_learned(files, tagger, tmp_path):
    (tmp_path / "dev.conll").write_text("Ann B-PER\nsaw O\n\nOslo NOUN\n")
    run = run_of(files, "conll").model_copy(update={"dev": tmp_path / "dev.conll"})
    with pytest.raises(TextError, match=r"dev\.conll, line 4: the tag 'NOUN' is not the tag of a span"):
        train_task(run, tmp_path / "t")
    with pytest.raises(TextError, match="line 4: the tag 'NOUN'"):
        evaluate_task(tagger, tmp_path / "dev.conll")


def test_labels_that_were_not_in_training_count_as_errors(tagger, classifier, tmp_path):
    (tmp_path / "t.conll").write_text("Ann B-PER\nOslo B-ORG\n")
    assert evaluate_task(tagger, tmp_path / "t.conll")["recall"] == 50
    (tmp_path / "t.jsonl").write_text('{"text": "Ann saw Paris", "label": "place"}\n{"text": "Ann", "label": "new"}\n')
    assert evaluate_task(classifier, tmp_path / "t.jsonl")["accuracy"] == 50


def test_a_fraction_of_the_examples_is_learned_from(files):
    def kept(fraction, seed=0):
        config = run_of(files, "conll", fraction=fraction, seed=seed).config
        return {e.line for e in learnable(config, read_tagged(files / "train.conll"), "train")}

    assert (len(kept(5)), len(kept(20)), len(kept(100))) == (6, 24, 120)
    assert kept(5) < kept(20)
    assert kept(20) != kept(20, seed=1)


def test_a_fraction_is_passed_more_often(files, tmp_path, monkeypatch):
    rates = []
    monkeypatch.setattr(fit, "take_step", lambda update, rate, norm: rates.append(rate))
    falling = {"learning_rate": 0.01, "schedule": "linear", "final_share": 0.0, "warmup_steps": 0}
    for fraction, n in ((100, 15), (4, 5)):  # batches of 8; 5 of 120 examples, five times
        rates.clear()
        run = run_of(files, "conll", fraction=fraction, epochs=1, batch_size=8, model=None, optimizer=falling)
        train_task(run, tmp_path / str(n))
        assert rates == pytest.approx(
            [0.01 * (1 - i / n) for i in range(n)], abs=0.01 / n
        )  # the rate falls over all of them


def test_predictions_with_a_lower_score_are_left_out(tagger, classifier, tmp_path):
    (tmp_path / "t.txt").write_text("Ann saw Oslo\n")
    (every,) = facts_of_lines(tagger, str(tmp_path / "t.txt"))
    scores = sorted(entity["score"] for entity in every["entities"])
    assert len(scores) == 2
    (some,) = facts_of_lines(tagger, str(tmp_path / "t.txt"), min_score=sum(scores) / 2)
    assert [entity["score"] for entity in some["entities"]] == scores[1:]
    for least, n in ((0.5, 1), (1.01, 0)):
        (predicted,) = facts_of_lines(classifier, str(tmp_path / "t.txt"), min_score=least)
        assert (len(predicted["labels"]), "label" in predicted) == (n, n == 1)


def test_an_existing_folder_stays(files, tagger, tmp_path):
    with pytest.raises(OutputError, match="exists already"):
        train_task(run_of(files, "conll"), tagger)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="other files"):
        train_task(run_of(files, "conll"), tmp_path / "mine", force=True)


@pytest.mark.parametrize("kind", ["conll", "jsonl"])
def test_the_scores_of_a_task_are_those_of_other_programs(files, tagger, classifier, kind):
    task = load_task(tagger if kind == "conll" else classifier)
    examples = task.read(files / f"dev.{kind}")
    shaken = [
        e._replace(labels=other.labels)
        for e, other in zip(examples, examples[::-1], strict=True)
        if len(e.labels) == len(other.labels)
    ]
    scores = {n: float(v) for n, v in task.model.scores(task.counts(shaken).sum(axis=0)).items()}
    predicted = task.predict(shaken)
    if kind == "conll":
        true, tags = [e.labels for e in shaken], [p.tags for p in predicted]
        assert scores["f1"] == pytest.approx(100 * seqeval.metrics.f1_score(true, tags))
        assert scores["recall"] == pytest.approx(100 * seqeval.metrics.recall_score(true, tags))
        return
    true, labels = [e.labels[0] for e in shaken], [p.labels[0] for p in predicted]
    assert scores["accuracy"] == pytest.approx(100 * sklearn.metrics.accuracy_score(true, labels))
    assert scores["macro_f1"] == pytest.approx(100 * sklearn.metrics.f1_score(true, labels, average="macro"))
    assert scores["micro_f1"] == pytest.approx(100 * sklearn.metrics.f1_score(true, labels, average="micro"))
