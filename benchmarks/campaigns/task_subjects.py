"""Good task folders of every kind, and how each is read."""

import json
from pathlib import Path
from typing import Any

import elmo
from benchmarks.campaigns.mutated_inputs import Subject
from elmo import load_task
from elmo.tasks.kinds.registry import kind_of

SMALL: dict[str, Any] = {"epochs": 1, "cell_size": 4, "inputs": {"word_size": 4, "character_size": 4}}
FILMS = [("a fine film of the river", "good"), ("a dull film", "bad")] * 6
TAGGED = [
    (["Ann", "lives", "in", "New", "York"], ["B-PER", "O", "O", "B-LOC", "I-LOC"]),
    (["It", "rains"], ["O", "O"]),
] * 6
PAIRS = [("the river", "a river", "1"), ("the bank", "rain", "0")] * 6
RELATIONS = [("the <e1>child</e1> in the <e2>cradle</e2>", "in"), ("<e2>rain</e2> on <e1>it</e1>", "none")] * 6
PASSAGE = "The river Arn rises in Delta Hills."
QUESTIONS = [{"context": PASSAGE, "question": "Where?", "answers": [{"text": "Delta Hills", "answer_start": 23}]}] * 4


def _read_task(folder: Path) -> None:
    task = load_task(folder)
    texts: dict[str, list[object]] = {
        "pair": [("the river", "a bank")],
        "relation": ["the <e1>river</e1> and the <e2>bank</e2>"],
        "qa": [("Where is Oslo?", "Oslo is on the river.")],
    }
    kind = kind_of(task.file.config)
    given = texts.get(kind.name, [["the", "river", "Oslo"]])
    if kind.name == "qa":
        given = [("Oslo is on the river.", "Where is Oslo?")]
    for found in task(given):
        json.dumps(found.facts(), allow_nan=False, default=str)
    repr(task)


def task_subjects(place: Path, model: Path) -> list[Subject]:
    """Tasks of every kind, trained and laid out in a new folder; `model` is that of the one with a biLM."""
    place.mkdir(parents=True)
    made: dict[str, tuple[str, Any, dict[str, Any]]] = {
        "classify": ("classify", FILMS, {}),
        "tag": ("tag", TAGGED, {}),
        "pair": ("pair", PAIRS, {}),
        "regression": ("pair", [(a, b, float(y)) for a, b, y in PAIRS], {"regression": True}),
        "relation": ("relation", RELATIONS, {}),
        "qa": ("qa", QUESTIONS, {}),
        "with its biLM": ("classify", FILMS, {"model": str(model)}),
        "n-grams": ("classify", FILMS, {"ngrams": True}),
    }
    subjects = []
    for name, (kind, examples, more) in made.items():
        task = elmo.tasks.train(examples, dev=examples, task=kind, **{"model": None, **SMALL, **more})
        task.save(place / name)
        subjects.append(Subject("task", name, place / name, _read_task))
    return subjects
