"""Tasks trained from Python: the weights of the command line bit for bit, callable, measured, saved and loaded again."""

import json

import pytest
import torch

import elmo.tasks
from conftest import SMALL_TASK, small_model
from elmo import Elmo, load_task
from elmo.checkpoints.formats.native import save_native
from elmo.errors import ConfigError, ElmoError, OutputError, TextError
from elmo.tasks import train

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*of this text"),
    pytest.mark.filterwarnings("ignore:the task has learned nothing"),
]

SETTINGS = {**SMALL_TASK, "epochs": 2}
TAGGED = [
    (["Ann", "saw", "New", "York"], ["B-PER", "O", "B-LOC", "I-LOC"]),
    (["the", "river", "Ann"], ["O", "O", "B-PER"]),
]
QUESTION = {"context": "Ann saw the boat.", "question": "Who saw it?", "answers": [{"text": "Ann", "answer_start": 0}]}
EXAMPLES = {  # of each kind, and the lines of a file with the same
    "tag": (TAGGED * 8, [{"tokens": words, "tags": tags} for words, tags in TAGGED] * 8),
    "classify": (
        [("a fine film", "good"), ("a dull film", "bad")] * 8,
        [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8,
    ),
    "pair": (
        [("a cat", "an animal", "yes"), ("a cat", "a boat", "no")] * 8,
        [{"a": "a cat", "b": "an animal", "label": "yes"}, {"a": "a cat", "b": "a boat", "label": "no"}] * 8,
    ),
    "relation": (
        [("<e1>Ann</e1> saw <e2>Bo</e2>", "saw(e1,e2)"), ("<e1>Ann</e1> and <e2>Bo</e2>", "Other")] * 8,
        [
            {"text": "<e1>Ann</e1> saw <e2>Bo</e2>", "label": "saw(e1,e2)"},
            {"text": "Ann and Bo", "head": [0, 3], "tail": [8, 10], "label": "Other"},
        ]
        * 8,
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder")
    save_native(small_model(scale=1.5), folder / "model")
    for kind, (_, lines) in EXAMPLES.items():
        (folder / f"{kind}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    paragraphs = [{"context": QUESTION["context"], "qas": [{**QUESTION, "id": "1"}]}] * 8
    (folder / "qa.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    return folder


def by_command(run_elmo, kind, path, out, *options):
    sets = [
        x
        for key in ("cell_size", "batch_size", "epochs", "patience", "dropout")
        for x in ("--set", f"{key}={SETTINGS[key]}")
    ]
    for table in ("inputs", "optimizer"):
        sets += [x for key, value in SETTINGS[table].items() for x in ("--set", f"{table}.{key}={value}")]
    done = run_elmo("train", "--task", kind, "--train", path, "--dev", path, "-o", out, *sets, *options, "--json")
    assert done.status == 0, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("kind", ["tag", "classify", "pair", "relation", "qa"])
def test_examples_in_memory_give_the_weights_of_the_command_line(folder, tmp_path, run_elmo, kind):
    path = folder / ("qa.json" if kind == "qa" else f"{kind}.jsonl")
    facts = by_command(run_elmo, kind, path, tmp_path / "t", "-m", folder / "model", "--cache", tmp_path / "cache")
    examples = [QUESTION] * 8 if kind == "qa" else EXAMPLES[kind][0]
    model = Elmo.from_pretrained(folder / "model")
    for given in (examples, iter(examples), path, str(path)):
        other = list(examples) if not isinstance(given, str) else path
        task = train(given, other, task=kind, model=model, **SETTINGS)
        for name, weight in load_task(tmp_path / "t").model.state_dict().items():
            assert torch.equal(weight, task.model.state_dict()[name]), name
        if given is examples:
            own = task.facts()
            scores = [name for name in facts if name.startswith("dev_")]
            assert scores
            assert {name: own[name] for name in scores} == {name: facts[name] for name in scores}
        assert (
            task.evaluate(examples).facts()
            == task.evaluate(path).facts()
            == load_task(tmp_path / "t").evaluate(path).facts()
        )


def test_a_task_is_saved_as_a_folder(folder, tmp_path, run_elmo):
    task = train(*2 * [EXAMPLES["classify"][0]], model=folder / "model", cache=tmp_path / "cache", **SETTINGS)
    assert len(list((tmp_path / "cache").glob("*.layers"))) == 1
    task.save(tmp_path / "t")
    with pytest.raises(OutputError, match="exists"):
        task.save(tmp_path / "t")
    task.save(tmp_path / "t", force=True)
    assert task(["a fine film"]) == load_task(tmp_path / "t")(["a fine film"])
    assert "Trained on 16 examples (48 tokens)" in (tmp_path / "t" / "README.md").read_text()
    assert run_elmo("evaluate", tmp_path / "t", folder / "classify.jsonl").status == 0
    assert repr(task).startswith("TrainedTask(classify: bad, good; model ")


def test_a_baseline_and_the_random_numbers_of_the_caller():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    task = train(*2 * [EXAMPLES["classify"][0]], model=None, **SETTINGS)
    assert torch.equal(before, torch.get_rng_state())
    assert task.elmo is None
    assert task.evaluate([("a fine film", "good")])["examples"] == 1


@pytest.mark.parametrize(
    ("examples", "settings", "message"),
    [
        ([], {}, "no example; give a list"),
        ([("a", "x"), 3], {}, "example 2 is 3; give .text, label."),
        ([("a", "x"), ("", "y")], {}, "example 2: the text contains no word"),
        ([("a", "x"), ("b", None)], {}, "example 2: the label .*is empty; fill it in, or leave the example out"),
        ([("a", "x")], {}, "examples: 1 label"),
        ([("a", "x"), ("b", "y")], {"epoch": 3}, "epoch"),
        ([("a", "x"), ("b", "y")], {"no_answer": True}, "no_answer is a setting of the task qa"),
        ([("a", "x"), ("b", "y")], {"task": "sing"}, "no task 'sing'"),
    ],
)
def test_what_cannot_be_trained_is_named(examples, settings, message):
    with pytest.raises(ElmoError, match=message):
        train(examples, [("a", "x")], model=None, **settings)


def test_a_threshold_is_for_one_label(folder):
    task = train(*2 * [EXAMPLES["tag"][0]], task="tag", model=None, **SETTINGS)
    with pytest.raises(ConfigError, match="works only for tasks with one label per text"):
        task.evaluate(EXAMPLES["tag"][0], min_score=0.5)
    with pytest.raises(TextError, match="examples, line 1: the tag 'NN' is not the tag of a span"):
        task.evaluate([(["Ann"], ["NN"])])


def test_a_training_that_learned_nothing_warns():
    same = [("the bank", "x" if i % 4 else "y") for i in range(8)]
    with pytest.warns(
        UserWarning, match="learned nothing: .* for every example; the learning rate was still warming up"
    ):
        task = train(same, same, model=None, **SETTINGS)
    assert "learned nothing" in task.facts()["warning"]
    assert "learned nothing" in repr(task)


def test_the_public_names_are_all_there():
    assert dir(elmo.tasks) == sorted(elmo.tasks.__all__)
    assert all(getattr(elmo.tasks, name) for name in elmo.tasks.__all__)
    with pytest.raises(AttributeError, match=r"no attribute 'tain'; it has Answer, "):
        _ = elmo.tasks.tain
