"""Cases of tasks: each kind is trained, evaluated and called; a resume, and tasks that the old commit wrote."""

import json
from pathlib import Path
from typing import Any

from benchmarks.measure.house.cases.case import Room, case
from benchmarks.measure.house.cases.commands import elmo, settings, stopped
from benchmarks.measure.house.cases.digests import Items, facts, lines, model_folder, tensors
from benchmarks.measure.house.cases.texts import unpacked, write_first


def write_task(room: Room, task: str, n_train: int, n_dev: int) -> list[str | Path]:
    """Files of a task: the options that name them."""
    data = room.shared / "data"
    if task == "read":
        whole = json.loads(unpacked(data / "qa/squad1-en/dev.json.gz"))["data"][:2]
        for name, article in zip(("train.json", "dev.json"), whole, strict=True):
            some = article | {"paragraphs": article["paragraphs"][: n_train if name == "train.json" else n_dev]}
            (room.folder / name).write_text(json.dumps({"data": [some]}), encoding="utf-8")
        return ["--task", "read", "--train", "train.json", "--dev", "dev.json"]
    folder, ending = {
        "tag": ("ner/conll2003-en", "conll"),
        "classify": ("sentiment/sst2-en", "jsonl"),
        "pair": ("pairs/sick-en", "jsonl"),
        "relation": ("relations/semeval2010-task8-en", "jsonl"),
        "documents": ("relations/bc5cdr-cid-en", "pubtator"),
    }[task]
    separator = "\n" if ending == "jsonl" else "\n\n"
    source, target = data / folder / f"train.{ending}.gz", room.folder / f"train.{ending}"
    write_first(source, target, n_train, separator=separator)
    write_first(source, room.folder / f"dev.{ending}", n_dev, skip=n_train, separator=separator)
    kind = "relation" if task == "documents" else task
    return ["--task", kind, "--train", f"train.{ending}", "--dev", f"dev.{ending}"]


TO_PREDICT: dict[str, list[Any]] = {
    "tag": ["Ann Smith lives in Oslo .", "EU rejects German call", "", "Peter Blackburn"],
    "classify": ["a stirring , funny film", "it is dull", "", "..."],
    "pair": [{"a": "A man sleeps", "b": "A man is awake"}, {"a": "Kids play", "b": "Children are playing"}],
    "relation": ["The <e1>child</e1> lay in the <e2>cradle</e2>.", "The <e1>engine</e1> of the <e2>car</e2> broke."],
    "read": [{"context": "The Normans came from Denmark in 911.", "question": "Where did they come from?"}],
}


def task_outcome(folder: Path, task: str, prefix: str = "") -> Items:
    """What a task in a folder says and scores: at the command line, and in Python."""
    from elmo import load_task

    ending = {"tag": "conll", "read": "json", "documents": "pubtator"}.get(task, "jsonl")
    items = facts(elmo("evaluate", folder, f"dev.{ending}", "--json"), f"{prefix}evaluate ")
    if task == "documents":
        return items | lines(elmo("predict", folder, "dev.pubtator", "--json"), f"{prefix}predict ")
    texts = TO_PREDICT[task]
    Path("texts.txt").write_text(
        "".join((text if isinstance(text, str) else json.dumps(text)) + "\n" for text in texts), encoding="utf-8"
    )
    items |= lines(elmo("predict", folder, "texts.txt", "--json"), f"{prefix}predict ")
    given = [tuple(text.values()) if isinstance(text, dict) else text for text in texts]
    called = [json.dumps(found.facts()) for found in load_task(folder)(given)]
    return items | lines("\n".join(called), f"{prefix}call ")


def train_task(
    room: Room, task: str, *more: str, n_train: int = 150, n_dev: int = 60, output: str = "task", epochs: int = 2
) -> Items:
    """A trained task: its weights, scores and predictions."""
    files = write_task(room, task, n_train, n_dev)
    printed = elmo("train", *files, "-o", output, "--set", f"epochs={epochs}", *more, "--json")
    items = model_folder(room.folder / output, f"{output} ") | facts(printed, f"{output} train ")
    tuned = room.folder / output / "elmo"
    if tuned.exists():
        items |= model_folder(tuned, f"{output} elmo ")
    return items | task_outcome(room.folder / output, task, f"{output} ")


@case(quick=True)
def tag(room: Room) -> Items:
    """Named entities, with ELMo."""
    return train_task(room, "tag", n_train=200, epochs=3)


@case()
def classify(room: Room) -> Items:
    """Sentiment: with ELMo, with n-grams, another network, a biLM that learns."""
    items = train_task(room, "classify", *settings("ngrams=true"), n_train=300, epochs=3)
    attentive = settings("network=biattentive", "dropout=0.3", "elmo.layer_norm=true", "elmo.at_output=true")
    items |= train_task(room, "classify", *attentive, output="attentive")
    tuned = settings("elmo.fine_tune=true", "elmo.unfreeze=1")
    return items | train_task(room, "classify", *tuned, n_train=60, output="tuned", epochs=3)


@case()
def pair(room: Room) -> Items:
    """Entailment with ELMo, similarity without."""
    items = train_task(room, "pair", n_train=100)
    numbers = settings("regression=true", "label=score")
    return items | train_task(room, "pair", "--baseline", *numbers, n_train=100, output="numbers")


@case()
def relation(room: Room) -> Items:
    """Relations of marked mentions and of concepts in documents, without ELMo."""
    items = train_task(room, "relation", "--baseline")
    return items | train_task(room, "documents", "--baseline", n_train=12, n_dev=5, output="documents")


@case()
def read(room: Room) -> Items:
    """Answers in passages, without ELMo."""
    return train_task(room, "read", "--baseline", n_train=6, n_dev=3)


@case()
def study(room: Room) -> Items:
    """Fractions of the training file, with ELMo and without."""
    files = write_task(room, "classify", 120, 40)
    elmo("train", *files, "-o", "curve", "--fractions", "50,100", "--seeds", "1", "--baseline", *settings("epochs=1"))
    items = {}
    for path in sorted((room.folder / "curve").glob("*/model.safetensors")):
        items |= tensors(path, f"{path.parent.name} ")
    return items


def make_stopped_task(room: Room) -> None:
    """A task that is stopped after its first epoch, whose layers are not in any cache then."""
    files = write_task(room, "tag", 200, 60)
    checkpoint = room.folder / "task" / "checkpoint" / "place.json"
    stopped(checkpoint.exists, "train", *files, "-o", "task", *settings("epochs=6"))


@case(make=make_stopped_task)
def resume_task(room: Room) -> Items:
    """Going on with a task that the old commit began."""
    if not (room.folder / "task" / "checkpoint").exists():
        raise RuntimeError("the task was not stopped halfway")
    printed = elmo("train", "--resume", "-o", "task", "--json")
    return model_folder(room.folder / "task") | facts(printed, "train ") | task_outcome(room.folder / "task", "tag")


SAVED_TASKS = {
    "tag": (100, 40),
    "classify": (100, 40),
    "pair": (60, 20),
    "relation": (60, 20),
    "read": (3, 2),
    "documents": (8, 4),
}


def make_tasks(room: Room) -> None:
    """A task of each kind."""
    for task, (n_train, n_dev) in SAVED_TASKS.items():
        more = [] if task in ("tag", "classify") else ["--baseline"]
        files = write_task(room, task, n_train, n_dev)
        elmo("train", *files, "-o", f"of-{task}", *settings("epochs=1"), *more)


@case(make=make_tasks)
def old_tasks(room: Room) -> Items:
    """Tasks that the old commit wrote."""
    items = {}
    for task, (n_train, n_dev) in SAVED_TASKS.items():
        write_task(room, task, n_train, n_dev)
        items |= task_outcome(room.folder / f"of-{task}", task, f"{task} ")
    return items
