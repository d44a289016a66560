"""Good files of labelled examples in every layout, and how each is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.campaigns.mutated_inputs import Subject
from benchmarks.campaigns.task_subjects import FILMS, PAIRS, PASSAGE, QUESTIONS, RELATIONS, TAGGED
from elmo.tasks.examples import Example
from elmo.tasks.kinds.registry import kind_of, task_config


def _read_labels(**settings: Any) -> Callable[[Path], None]:
    config = task_config(**settings)

    def read(path: Path) -> None:
        kind = kind_of(config)
        of_file = kind.for_file(config, path)
        for example in kind.read(of_file, path):
            _require_whole(example)

    return read


def _require_whole(example: Example) -> None:
    for one in (example, example.other):
        if one is not None:
            assert one.tokens, "an example without a token"
            assert all(one.text[t.start : t.end] == t.text for t in one.tokens), "a token that is not in its text"


def label_subjects(place: Path) -> list[Subject]:
    """Files of labelled examples, laid out in a new folder."""
    place.mkdir(parents=True)
    answers = {"data": [{"paragraphs": [{"context": PASSAGE, "qas": [{"id": "1", **QUESTIONS[0]}] * 3}]}]}
    mentions = "1\t0\t4\tZora\tGene\tG1\n1\t9\t14\tV158M\tVariant\tp|SUB|V|158|M\n1\t15\t19\tPain\tDisease\tD1|D2\n"
    document = f"1|t|Zora and V158M\n1|a|Pain.\n{mentions}1\tCauses\tp|SUB|V|158|M\tD1\tNovel\n\n"
    spans = {"text": "Ann lives in Oslo.", "spans": [[0, 3, "PER"], {"start": 13, "end": 17, "label": "LOC"}]}
    mention = {"text": "Ann lives in Oslo.", "head": [0, 3], "tail": [13, 17], "label": "in"}
    conllu = "".join(f"{i}\t{w}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n" for i, w in enumerate(("Ann", "lives"), 1))
    files: list[tuple[str, str, str]] = [
        ("classify", "table.csv", "id,text,label\n" + "".join(f'{i},"{t}, yes",{y}\n' for i, (t, y) in enumerate(FILMS))),
        ("classify", "table.tsv", "label\tsentence\n" + "".join(f"{y}\t{t}\n" for t, y in FILMS)),
        ("classify", "records.jsonl", "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in FILMS)),
        ("classify", "records.json", json.dumps([{"text": t, "label": y} for t, y in FILMS])),
        ("pair", "pairs.tsv", "question1\tquestion2\tlabel\n" + "".join(f"{a}\t{b}\t{y}\n" for a, b, y in PAIRS)),
        ("pair", "pairs.jsonl", "".join(json.dumps({"a": a, "b": b, "label": y}) + "\n" for a, b, y in PAIRS)),
        ("tag", "columns.conll", "".join("".join(f"{w} _ {t}\n" for w, t in zip(*s, strict=True)) + "\n" for s in TAGGED)),
        ("tag", "words.conllu", f"# text = Ann lives\n{conllu}\n" * 4),
        ("tag", "spans.jsonl", (json.dumps(spans) + "\n") * 4),
        ("tag", "tags.jsonl", "".join(json.dumps({"tokens": w, "tags": t}) + "\n" for w, t in TAGGED)),
        ("relation", "marked.jsonl", "".join(json.dumps({"text": t, "label": y}) + "\n" for t, y in RELATIONS)),
        ("relation", "mentions.jsonl", (json.dumps(mention) + "\n") * 4),
        ("relation", "documents.pubtator", document * 3),
        ("qa", "squad.json", json.dumps(answers)),
    ]  # fmt: skip
    subjects = []
    for task, name, content in files:
        (place / name).write_text(content, encoding="utf-8")
        subjects.append(Subject("labels", name, place / name, _read_labels(task=task)))
    return subjects
