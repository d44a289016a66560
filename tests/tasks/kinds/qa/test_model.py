"""Answers in passages: learned, their positions and probabilities right, files of every kind, faults named."""

import itertools
import json

import numpy as np
import pytest
import torch

from conftest import SMALL_TASK, facts_of_lines, small_model
from elmo import load_task
from elmo.apps.tasks.evaluate import evaluate_task
from elmo.apps.tasks.train_task import TaskRun, train_task
from elmo.checkpoints.formats.native import save_native
from elmo.errors import TextError
from elmo.tasks.batches import TableSizes, Words, make_batch
from elmo.tasks.data.squad import read_questions
from elmo.tasks.examples import Example
from elmo.tasks.kinds.qa.model import ExtractiveQA
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.predictions import Answer, Answered

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*of this text"),
    pytest.mark.filterwarnings("ignore:.*answers (do not begin|begin or end inside a token)"),
]

NAMES, THINGS = ["Ann", "Bo Li", "Cy"], ["river", "bank", "boat", "town", "money", "tree"]


def questions(seed, n, unanswered=False):
    """`Ann boat . Bo Li bank .`: whose is the bank?"""
    rng = np.random.default_rng(seed)
    paragraphs = []
    for _ in range(n):
        names, things = rng.permutation(NAMES)[:2], rng.permutation(THINGS)[:3]
        context = " ".join(f"{name} {thing} ." for name, thing in zip(names, things, strict=False))
        qas = [
            {
                "id": f"{len(paragraphs)}-{i}",
                "question": f"{things[i]} ?",
                "answers": [{"text": str(names[i]), "answer_start": context.index(names[i])}] if i < 2 else [],
                "is_impossible": i == 2,
            }
            for i in range(3 if unanswered else 2)
        ]
        paragraphs.append({"context": context, "qas": qas})
    return {"version": "v2.0", "data": [{"title": "t", "paragraphs": paragraphs}]}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, seed, n in (("train", 0, 100), ("dev", 1, 25)):
        (folder / f"{name}.json").write_text(json.dumps(questions(seed, n)))
        (folder / f"{name}.2.json").write_text(json.dumps(questions(seed, n, unanswered=True)))
    save_native(small_model(scale=1.5), folder / "model")
    return folder


def run_of(files, kind="json", **changes):
    optimizer = {**SMALL_TASK["optimizer"], "learning_rate": 0.005}
    settings = {**SMALL_TASK, "optimizer": optimizer, "task": "qa", "model": None, "dropout": 0.0, **changes}
    return TaskRun(config=task_config(settings), train=files / f"train.{kind}", dev=files / f"dev.{kind}")


@pytest.fixture(scope="module")
def reader(files):
    train_task(run_of(files, epochs=6), files / "reader")
    return files / "reader"


def test_an_answer_is_found_in_its_passage(files, reader):
    scores = evaluate_task(reader, files / "dev.json")
    assert scores["f1"] > 90
    passage = "Cy river . Bo Li boat ."
    (found,) = load_task(reader)([(passage, "boat ?")])
    best = found.answers[0]
    assert (best.text, passage[best.start : best.end]) == ("Bo Li", "Bo Li")
    assert best.score == max(answer.score for answer in found.answers)
    assert len(found.answers) == 5


def test_a_passage_need_not_answer(files, tmp_path):
    train_task(run_of(files, "2.json", no_answer=True, epochs=6), tmp_path / "t")
    assert evaluate_task(tmp_path / "t", files / "dev.2.json")["exact_match"] > 80
    passage = "Cy river . Bo Li boat ."
    has, has_not = load_task(tmp_path / "t")([(passage, "boat ?"), (passage, "bank ?")])
    assert (has.answers[0].text, has_not.answers[0].text) == ("Bo Li", "")


def test_extractive_qa_needs_a_bilm(files, tmp_path):
    run = run_of(files, model=str(files / "model"), epochs=1)
    train_task(run, tmp_path / "t", cache=files / "cache")
    assert 0 <= evaluate_task(tmp_path / "t", files / "dev.json")["f1"] <= 100


@pytest.mark.parametrize("no_answer", [False, True])
def test_the_loss_and_the_probabilities_are_those_of_all_spans(files, no_answer):
    examples = read_questions(files / "train.2.json")[:6]
    if not no_answer:
        examples = [e for e in examples if e.answer_spans]
    config = task_config(task="qa", model=None, cell_size=4, no_answer=no_answer, longest_answer=3, dropout=0.0)
    torch.manual_seed(0)
    words = Words.of(examples, config.inputs)
    model = ExtractiveQA(config, [], words.sizes, None).eval()
    others = make_batch([e.other for e in examples], None, words, config.inputs)
    batch = make_batch(examples, None, words, config.inputs)
    batch = type(batch)(**{**vars(batch), "other": others})
    with torch.no_grad():
        start, end, nothing = (x.double().numpy() for x in model.span_scores(batch))
        found = model.predict(batch)
        loss = float(model.loss(batch))
    nats = []
    for e, s, t, none, predicted in zip(examples, start, end, nothing, found, strict=True):
        T = len(e.tokens)
        every = {(i, j): np.exp(s[i] + t[j]) for i, j in itertools.product(range(T), range(T))}
        right = sum(every[a, b - 1] for a, b in e.answer_spans) if e.answer_spans else np.exp(none)
        nats.append(-np.log(right / (sum(every.values()) + np.exp(none))))
        allowed = {span: x for span, x in every.items() if 0 <= span[1] - span[0] < 3}
        whole = sum(allowed.values()) + np.exp(none)
        probs = {(e.tokens[i].start, e.tokens[j].end): x / whole for (i, j), x in allowed.items()}
        if no_answer:
            probs[0, 0] = np.exp(none) / whole
        expected = sorted(probs.items(), key=lambda pair: -pair[1])[:5]
        assert [answer.score for answer in predicted.answers] == pytest.approx([x for _, x in expected], rel=1e-4)
        assert (predicted.answers[0].start, predicted.answers[0].end) == expected[0][0]
    assert loss == pytest.approx(np.mean(nats), rel=1e-5)


@pytest.mark.parametrize(
    ("passage", "measure", "score"),
    [
        ("古代的希腊", None, 4 / 7),  # the passage is Chinese: the longest run counts
        ("古代的希腊", "squad", 6 / 7),  # the bag
        ("the 希腊 of old", None, 6 / 7),
        ("the 希腊 of old", "cmrc", 4 / 7),
    ],
)
def test_answers_are_measured_as_their_script_or_a_setting_says(passage, measure, score):
    model = ExtractiveQA(
        task_config(task="qa", model=None, answer_scores=measure, cell_size=4), [], TableSizes(5), None
    )
    example = Example([], ["古希腊"], passage, 1)
    predicted = Answered([Answer(0, 4, "古代希腊", 1.0)])
    assert float(model.scores(model.counts([example], [predicted]).sum(axis=0))["f1"]) == pytest.approx(100 * score)


def test_lines_of_passages_and_questions(reader, tmp_path):
    (tmp_path / "t.txt").write_text('Cy boat .\tboat ?\n{"context": "Cy boat .", "question": "boat ?"}\n')
    first, second = facts_of_lines(reader, str(tmp_path / "t.txt"))
    assert first["answer"] == second["answer"] == "Cy"
    (tmp_path / "t.txt").write_text("Cy boat .\n")
    with pytest.raises(TextError, match=r'line 1: expected two texts .* "context" and "question"'):
        list(facts_of_lines(reader, str(tmp_path / "t.txt")))


def squad(answer, start, **more):
    question = {"id": 7, "question": "Who?", "answers": [{"text": answer, "answer_start": start}], **more}
    return {"data": [{"paragraphs": [{"context": "Bo Li, or Ann; Ann.", "qas": [question]}]}]}


@pytest.mark.parametrize(
    ("answer", "start", "marks"),
    [
        ("Ann", 10, ((4, 5),)),
        ("Ann", 14, ((6, 7),)),  # the nearer of two
        ("o Li", 1, ((0, 2),)),  # tokens that are covered in part
        ("Cy", 3, ()),
        ("", 3, ()),
    ],
)
def test_answers_are_placed_on_tokens(tmp_path, answer, start, marks):
    (tmp_path / "q.json").write_text(json.dumps(squad(answer, start)))
    (example,) = read_questions(tmp_path / "q.json")
    assert (example.answer_spans, example.labels) == (marks, [answer] if answer else [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON"),
        ("[]", "not the format of SQuAD"),
        ('{"data": []}', "contains no question"),
        (
            json.dumps({"data": [{"paragraphs": [{"context": "a", "qas": [{"question": "b"}]}]}]}),
            "no answers; give a list",
        ),
        (json.dumps({"data": [{"paragraphs": [{"context": 3, "qas": []}]}]}), "not the format"),
        (
            json.dumps({"data": [{"paragraphs": [{"context": " ", "qas": [{"question": "b"}]}]}]}),
            "the passage contains no word",
        ),
        (
            json.dumps({"data": [{"paragraphs": [{"context": "a", "qas": [{"question": ""}]}]}]}),
            "the text contains no word",
        ),
        (json.dumps(squad(3, 0)), "is not an answer"),
    ],
)
def test_files_that_are_no_questions_are_refused(tmp_path, content, message):
    (tmp_path / "q.json").write_text(content)
    with pytest.raises(TextError, match=rf"q\.json.*{message}"):
        read_questions(tmp_path / "q.json")


def test_questions_without_a_span_are_left_out_of_training(files, tmp_path):
    content = questions(0, 10, unanswered=True)
    (tmp_path / "train.2.json").write_text(json.dumps(content))
    (tmp_path / "dev.2.json").write_text(json.dumps(content))
    with pytest.warns(UserWarning, match=r"10 of 30 questions are left out.*no_answer=true"):
        train_task(run_of(tmp_path, "2.json", epochs=1), tmp_path / "t")
    (tmp_path / "train.json").write_text(json.dumps(squad("Cy", 0)))
    with pytest.raises(TextError, match="no question whose answer is in its passage"):
        train_task(run_of(tmp_path).model_copy(update={"dev": files / "dev.json"}), tmp_path / "u")


def test_the_data_sets_of_the_project_are_read(shared):
    for name, least in (("squad1-en/dev", 2910), ("squad2-en/dev", 6078), ("cmrc2018-zh/dev", 968)):
        examples = read_questions(shared / "data" / "qa" / f"{name}.json.gz")
        assert len(examples) == least
        placed = [e for e in examples if e.labels]
        assert sum(bool(e.answer_spans) for e in placed) > 0.97 * len(placed)
