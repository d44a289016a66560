"""Pairs of texts and relations of mentions: learned, predicted, scored as others score them, refused where they must be."""

import json
import re

import numpy as np
import pytest
import sklearn.metrics

from conftest import SMALL_TASK, facts_of_lines, small_model
from elmo import load_task
from elmo.apps.tasks.evaluate import evaluate_task
from elmo.apps.tasks.task_recipe import task_run
from elmo.apps.tasks.train_task import TaskRun, train_task
from elmo.checkpoints.formats.native import save_native
from elmo.errors import ConfigError, ElmoError, TextError
from elmo.tasks.kinds.registry import task_config

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

COLOURS, THINGS = ["red", "blue", "green"], ["bank", "river", "boat"]


def write_pairs(path, seed, n):
    """The texts name the same colour or another; the score is 1 or 3 and a little."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(n):
            a, same = rng.integers(3), rng.random() < 0.5
            b = a if same else (a + 1 + rng.integers(2)) % 3
            x, y = (f"the {COLOURS[c]} {THINGS[rng.integers(3)]}" for c in (a, b))
            score = (3.0 if same else 1.0) + float(rng.normal(0, 0.1))
            file.write(json.dumps({"a": x, "b": y, "label": "same" if same else "other", "score": score}) + "\n")


def write_relations(path, seed, n):
    """Who sees whom has a direction; `and` is no relation."""
    rng = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(n):
            word, label = [("sees", "See(e1,e2)"), ("hears", "See(e2,e1)"), ("and", "Other"), ("has", "Has(e1,e2)")][
                rng.integers(4)
            ]
            x, y = (THINGS[i] for i in rng.integers(3, size=2))
            text = f"{'the ' * rng.integers(3)}<e1>{x}</e1> {word} <e2>{y}</e2>{' .' * rng.integers(2)}"
            file.write(json.dumps({"text": text, "label": label}) + "\n")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, seed, n in (("train", 0, 400), ("dev", 1, 40), ("test", 2, 60)):
        write_pairs(folder / f"{name}.pair.jsonl", seed, n)
        write_relations(folder / f"{name}.relation.jsonl", seed, n)
    save_native(small_model(scale=1.5), folder / "model")
    return folder


def run_of(files, task, **changes):
    optimizer = {**SMALL_TASK["optimizer"], "learning_rate": 0.003}
    settings = {**SMALL_TASK, "optimizer": optimizer, "task": task, "model": str(files / "model"), **changes}
    paths = {name: files / f"{name}.{task}.jsonl" for name in ("train", "dev")}
    return TaskRun(config=task_config(settings), **paths)


@pytest.fixture(scope="module")
def pair(files):
    train_task(run_of(files, "pair"), files / "pair", cache=files / "cache")
    return files / "pair"


@pytest.fixture(scope="module")
def relation(files):
    train_task(run_of(files, "relation"), files / "relation", cache=files / "cache")
    return files / "relation"


def test_a_pair_has_a_label(files, pair):
    assert evaluate_task(pair, files / "test.pair.jsonl")["accuracy"] > 90
    found = load_task(pair)([("the red bank", "the red boat"), ("the red boat", ["the", "blue", "boat"])])
    assert [f.labels for f in found] == [["same"], ["other"]]


def test_a_pair_has_a_number(files, tmp_path):
    run = run_of(files, "pair", regression=True, label="score")
    train_task(run, tmp_path / "t", cache=files / "cache")
    task = load_task(tmp_path / "t")
    examples = task.read(files / "test.pair.jsonl")
    predicted = [p.score for p in task.predict(examples)]
    true = [float(e.labels[0]) for e in examples]
    scores = evaluate_task(tmp_path / "t", files / "test.pair.jsonl")
    assert scores["pearson"] == pytest.approx(100 * np.corrcoef(true, predicted)[0, 1])
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean(np.subtract(true, predicted) ** 2)))
    assert scores["pearson"] > 90
    assert scores["pearson_low"] < scores["pearson"] < scores["pearson_high"]


def official_macro_f1(true, predicted):
    """SemEval-2010 task 8, from its definition: by relation, a wrong direction is an error, Other is no relation."""
    relations = {re.sub(r"\(.*", "", label) for label in {*true, *predicted}} - {"Other"}
    scores = []
    for name in relations:
        of = [re.sub(r"\(.*", "", label) == name for label in true], [re.sub(r"\(.*", "", x) == name for x in predicted]
        right = sum(a and b and t == s for a, b, t, s in zip(*of, true, predicted, strict=True))
        precision, recall = (right / max(1, sum(side)) for side in reversed(of))
        scores.append(2 * precision * recall / max(1e-9, precision + recall))
    return 100 * float(np.mean(scores))


def test_a_relation_has_a_direction(files, relation):
    assert evaluate_task(relation, files / "test.relation.jsonl")["macro_f1"] > 90
    task = load_task(relation)
    texts = [
        "the <e1>bank</e1> sees <e2>boat</e2>",
        "<e1>bank</e1> hears <e2>boat</e2> .",
        "<e1>bank</e1> and <e2>boat</e2>",
    ]
    assert [f.labels[0] for f in task(texts)] == ["See(e1,e2)", "See(e2,e1)", "Other"]
    by_place = {"text": "the bank sees boat", "head": [4, 8], "tail": [14, 18]}
    by_token = {"tokens": ["the", "bank", "sees", "boat"], "head": [1], "tail": [3]}
    first, *others = task([texts[0], by_place, {**by_token, "text": by_token["tokens"]}])
    assert all(other.scores == pytest.approx(first.scores, abs=1e-5) for other in others)


@pytest.mark.parametrize("seed", range(3))
def test_the_score_of_relations_is_the_official_one(files, relation, seed):
    task = load_task(relation)
    rng = np.random.default_rng(seed)
    examples = [e._replace(labels=[rng.choice(task.model.labels)]) for e in task.read(files / "test.relation.jsonl")]
    predicted = task.predict(examples)
    scores = task.model.scores(task.model.counts(examples, predicted).sum(axis=0))
    true, predicted = [e.labels[0] for e in examples], [p.labels[0] for p in predicted]
    assert float(scores["macro_f1"]) == pytest.approx(official_macro_f1(true, predicted))
    assert float(scores["accuracy"]) == pytest.approx(100 * sklearn.metrics.accuracy_score(true, predicted))


def test_lines_of_pairs_and_relations(pair, relation, tmp_path):
    (tmp_path / "p.txt").write_text('the red bank\tthe red boat\n{"a": "the red bank", "b": "the green boat"}\n')
    assert [facts["label"] for facts in facts_of_lines(pair, str(tmp_path / "p.txt"))] == ["same", "other"]
    (tmp_path / "r.txt").write_text(
        '<e1>bank</e1> sees <e2>boat</e2>\n{"text": "bank sees boat", "head": [0, 4], "tail": [10, 14]}\n'
    )
    assert [facts["label"] for facts in facts_of_lines(relation, str(tmp_path / "r.txt"))] == ["See(e1,e2)"] * 2


@pytest.mark.parametrize(
    ("task", "line", "message"),
    [
        ("pair", "only one text", "line 2: expected two texts"),
        ("pair", '{"a": "one"}', "line 2: expected two texts"),
        ("pair", "a text\t", "line 2: the text contains no word"),
        ("pair", "{", "line 2: not JSON"),
        ("relation", "", "line 2: mark one mention"),
        ("relation", "<e1>one</e1> <e2>two", "line 2: mark one mention"),
        ("relation", "<e1></e1> of <e2>two</e2>", "line 2: the mention at characters 0 to 0 covers no word"),
        ("relation", '{"text": "one two", "head": [0, 3]}', "line 2: None is not the position"),
        ("relation", '{"text": "one two", "head": [0, 3], "tail": [50, 60]}', "is not within the text"),
        ("relation", '{"text": "one two", "head": [0, 3], "tail": "two"}', "is not the position"),
        ("relation", '{"tokens": ["one", "two"], "head": [0], "tail": [2]}', "a mention has token 2, but there are 2"),
    ],
)
def test_a_line_that_is_none_is_named(pair, relation, tmp_path, task, line, message):
    good = "a\tb" if task == "pair" else "<e1>one</e1> of <e2>two</e2>"
    (tmp_path / "t.txt").write_text(f"{good}\n{line}\n")
    with pytest.raises(TextError, match=re.escape(message)):
        list(facts_of_lines(pair if task == "pair" else relation, str(tmp_path / "t.txt")))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "the red bank\tthe blue one\tno\na\tb\tyes\n"),
        ("a.csv", "label,sentence2,sentence1\nno,the blue one,the red bank\nyes,b,a\n"),
        (
            "a.jsonl",
            '{"premise": "the red bank", "hypothesis": "the blue one", "label": "no"}\n{"a": "a", "b": ["b"], "label": "yes"}\n',
        ),
    ],
)
def test_pairs_are_read_from_every_form(files, tmp_path, name, content):
    (tmp_path / name).write_text(content)
    run = run_of(files, "pair", epochs=1, model=None).model_copy(
        update=dict.fromkeys(("train", "dev"), tmp_path / name)
    )
    train_task(run, tmp_path / "t")
    (first, _) = load_task(tmp_path / "t").read(tmp_path / name)
    assert (first.text, first.other.text, first.labels) == ("the red bank", "the blue one", ["no"])


@pytest.mark.parametrize(
    ("task", "changes", "content", "message"),
    [
        ("pair", {}, '{"a": "one", "label": 1}\n', "line 1: no text"),
        ("pair", {}, '{"a": "one", "b": "two"}\n', "line 1: no label"),
        ("pair", {"label": "kind"}, '{"a": "one", "b": "two", "label": 1}\n', r"no key 'kind' .*'a', 'b', 'label'"),
        (
            "pair",
            {"regression": True},
            '{"a": "one", "b": "two", "label": "much"}\n',
            "line 1: the label .* is not a number",
        ),
        ("pair", {"regression": True}, '{"a": "one", "b": "two", "label": NaN}\n', "the label is nan"),
        ("relation", {}, '{"text": "one <e1>a</e1>", "label": "x"}\n', "line 1: mark one mention"),
        ("relation", {}, '{"text": "<e1>a</e1> <e2>b</e2>", "label": ["x", "y"]}\n', "line 1: 2 labels"),
    ],
)
def test_files_of_pairs_and_relations_that_cannot_be_learned_from(files, tmp_path, task, changes, content, message):
    (tmp_path / "a.jsonl").write_text(content)
    run = run_of(files, task, **changes).model_copy(update={"train": tmp_path / "a.jsonl"})
    with pytest.raises(ElmoError, match=message):
        train_task(run, tmp_path / "t")


@pytest.mark.parametrize(
    ("task", "setting"), [("pair", {"multi_label": True}), ("tag", {"regression": True}), ("classify", {"spans": True})]
)
def test_a_setting_of_another_task_is_refused(task, setting):
    with pytest.raises(ValueError, match="is a setting of the task"):
        task_config(task=task, **setting)


def test_the_error_says_what_a_pair_is(pair):
    for wrong in ("one text", ["a"], 3):
        with pytest.raises(TextError, match="give a pair of texts"):
            load_task(pair)([wrong])
    with pytest.raises(ConfigError, match="no task"):
        task_run(None, {}, None, None, False, [])
