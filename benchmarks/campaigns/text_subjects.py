"""Good texts in every format, and how each is read: by the reader of all commands, and by `elmo predict`."""

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet

from benchmarks.campaigns.mutated_inputs import Subject
from benchmarks.campaigns.task_subjects import FILMS, PAIRS, PASSAGE, QUESTIONS, RELATIONS
from elmo.apps.tasks.predict import predict_lines
from elmo.text.sources.source_sentences import read_sentences

LINES = [text for text, _ in FILMS]


def _read_text(path: Path) -> None:
    for sentence in read_sentences([path]):
        assert sentence.tokens, "a sentence without a token"
        assert all(token.text and token.start <= token.end for token in sentence.tokens), "an empty token"


def _predict(task: Path) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        for found in predict_lines(task, str(path)):
            json.dumps(found.facts(), allow_nan=False)
            found.shown()

    return read


def text_subjects(place: Path, tasks: Path) -> list[Subject]:
    """Texts, laid out in a new folder; `tasks` holds one of each kind, which predicts them."""
    place.mkdir(parents=True)
    conllu = "".join(f"{i}\t{w}\t_\tNOUN\t_\t_\t_\t_\t_\t_\n" for i, w in enumerate(("Ann", "lives"), 1))
    records = [{"id": i, "text": text} for i, text in enumerate(LINES)]
    answers = {"data": [{"paragraphs": [{"context": PASSAGE, "qas": [{"id": "1", **QUESTIONS[0]}] * 3}]}]}
    files = {
        "lines.txt": "".join(f"{text}\n" for text in LINES),
        "table.csv": "id,text\n" + "".join(f'{i},"{text}, yes"\n' for i, text in enumerate(LINES)),
        "table.tsv": "text\tid\n" + "".join(f"{text}\t{i}\n" for i, text in enumerate(LINES)),
        "records.jsonl": "".join(json.dumps(record) + "\n" for record in records),
        "records.json": json.dumps(records),
        "words.conllu": f"# text = Ann lives\n{conllu}\n" * 4,
        "columns.conll": "Ann NNP B-PER\nlives VBZ O\n\n" * 4,
        "pairs.tsv": "".join(f"{a}\t{b}\n" for a, b, _ in PAIRS),
        "marked.txt": "".join(f"{text}\n" for text, _ in RELATIONS),
        "squad.json": json.dumps(answers),
    }
    for name, content in files.items():
        (place / name).write_text(content, encoding="utf-8")
    (place / "lines.txt.gz").write_bytes(gzip.compress(files["lines.txt"].encode(), mtime=0))
    (place / "lines.txt.xz").write_bytes(lzma.compress(files["lines.txt"].encode()))
    pyarrow.parquet.write_table(
        pyarrow.table({"text": LINES, "id": list(range(len(LINES)))}), place / "records.parquet"
    )
    of_kinds = ("pairs.tsv", "marked.txt", "squad.json")
    texts = [name for name in (*files, "lines.txt.gz", "lines.txt.xz", "records.parquet") if name not in of_kinds]
    predicted = {
        "classify": ("lines.txt", "table.csv", "records.jsonl", "words.conllu", "records.parquet"),
        "tag": ("lines.txt", "columns.conll", "records.json"),
        "pair": ("pairs.tsv",),
        "relation": ("marked.txt",),
        "qa": ("squad.json",),
    }
    return [
        *(Subject("texts", name, place / name, _read_text) for name in texts),
        *(
            Subject("predict", f"{task} {name}", place / name, _predict(tasks / task))
            for task, names in predicted.items()
            for name in names
        ),
    ]
