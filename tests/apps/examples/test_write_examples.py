"""The example files: written into a new or an empty folder, never into another; readable in the formats that they show."""

import gzip
import os

import pytest

from elmo.apps.examples.write_examples import EXAMPLES, FILES, README, write_examples
from elmo.errors import OutputError
from elmo.storage import atomic
from elmo.tasks.config import TaskConfig
from elmo.tasks.kinds.registry import kind_named

LABELLED = [
    ("tag", "train.conll"),
    ("tag", "dev.conll"),
    ("tag", "test.conll"),
    ("classify", "reviews.csv"),
    ("classify", "reviews-dev.csv"),
    ("classify", "reviews-zh.csv"),
    ("classify", "intents.csv"),
    ("classify", "intents-dev.csv"),
    ("pair", "pairs.tsv"),
    ("pair", "pairs-dev.tsv"),
    ("relation", "relations.jsonl"),
    ("relation", "relations-dev.jsonl"),
    ("relation", "abstracts.pubtator"),
    ("relation", "abstracts-dev.pubtator"),
    ("qa", "questions.json"),
    ("qa", "questions-dev.json"),
]


@pytest.mark.parametrize("exists", [False, True])
def test_the_files_that_are_listed_are_written(tmp_path, exists):
    folder = tmp_path / "a" / "examples"
    if exists:
        folder.mkdir(parents=True)
    assert write_examples(folder) == EXAMPLES
    listed = {name.rstrip("/") for example in EXAMPLES for name in example.files.split(", ")}
    assert {path.name for path in folder.iterdir()} == listed | {README}
    assert all(example.command in (folder / README).read_text(encoding="utf-8") for example in EXAMPLES)
    assert gzip.decompress((folder / "texts" / "more.txt.gz").read_bytes()) == (folder / "1990.txt").read_bytes()
    assert sum(path.stat().st_size for path in FILES.rglob("*") if path.is_file()) < 30_000


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("step", range(0, 40, 3))
def test_what_is_broken_off_leaves_nothing(tmp_path, monkeypatch, exists, step):
    steps = iter(range(step))

    def rename(old, new, replace=os.replace):
        if next(steps, None) is None:
            monkeypatch.undo()
            raise KeyboardInterrupt
        replace(old, new)

    folder = tmp_path / "examples"
    if exists:
        folder.mkdir()
    monkeypatch.setattr(os, "replace", rename)
    monkeypatch.setattr(atomic, "rename_to_new", rename)
    try:
        write_examples(folder)
    except KeyboardInterrupt:
        assert [path.name for path in tmp_path.rglob("*")] == ["examples"] * exists
    else:
        assert step > (20 if exists else 0)


@pytest.mark.parametrize("name", ["thesis.tex", ".hidden"])
def test_a_folder_with_other_files_is_refused_and_kept(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(
        OutputError, match=rf"{tmp_path.name} is not empty \(it contains {name}\); give a new or an empty"
    ):
        write_examples(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(OutputError, match="is a file; give the name of a new or an empty folder"):
        write_examples(tmp_path / name)


def test_every_labelled_file_is_read_by_its_task(tmp_path):
    write_examples(tmp_path / "e")
    for task, name in LABELLED:
        kind, path = kind_named(task), tmp_path / "e" / name
        config: TaskConfig = kind.for_file(kind.settings(task=task), path)
        assert len(kind.read(config, path)) >= 1, name
