"""Write the example files of the package into a folder: texts and labelled files, each with a first command.

The sentences were written for this package. The commands of the README, the documentation and the help pages run in the folder.
"""

import gzip
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from elmo.errors import OutputError
from elmo.storage.atomic import atomic_write, remove_leftovers, temporary_room
from elmo.text.demo_sentences import read_occurrences

FILES = Path(__file__).parent / "files"
README = "README.md"


class Example(NamedTuple):
    """Example files of one kind."""

    files: str  # names in the folder
    content: str
    command: str  # a first command, to run in the folder


EXAMPLES = (
    Example(
        "sentences.txt", "one tokenized sentence per line", "elmo embed sentences.txt -o vectors.hdf5 --layers all"
    ),
    Example("raw.txt", "raw text in English and Chinese", "elmo tokenize raw.txt"),
    Example("corpus.txt", "one sentence per line", 'elmo neighbours en corpus.txt "The [bank] of the river"'),
    Example("corpus.jsonl", "one record per line, with id and text", "elmo embed corpus.jsonl -o vectors --split"),
    Example("zh.txt", "Chinese sentences", "elmo perplexity zh zh.txt"),
    Example(
        "1990.txt, 2020.txt",
        "two texts that use the same words differently",
        "elmo change en 1990.txt 2020.txt --min-count 5",
    ),
    Example(
        "texts/, notes/, heldout.txt",
        "texts for pretraining, also compressed; a held-out text",
        'elmo pretrain --corpus "texts/*.txt" -o my-model --size tiny --max-minutes 2',
    ),
    Example(
        "train.conll, dev.conll, test.conll",
        "names of persons, places and organisations (CoNLL columns)",
        "elmo train --task tag --train train.conll --dev dev.conll -o my-tagger",
    ),
    Example(
        "reviews.csv, reviews-dev.csv, reviews-zh.csv, reviews.toml",
        "film reviews with a rating (header: id, text, rating), and a recipe",
        "elmo train --task classify --train reviews.csv --dev reviews-dev.csv -o my-classes",
    ),
    Example(
        "intents.csv, intents-dev.csv",
        "questions to a shop with their intents; the dev file has some out of scope (none)",
        "elmo train --task classify --train intents.csv --dev intents-dev.csv --set out_of_scope=none --set scope.keep=0.95 "
        "-o my-intents",
    ),
    Example(
        "pairs.tsv, pairs-dev.tsv",
        "pairs of sentences: does the first entail the second?",
        "elmo train --task pair --train pairs.tsv --dev pairs-dev.tsv -o my-pairs",
    ),
    Example(
        "relations.jsonl, relations-dev.jsonl",
        "two marked mentions and their relation",
        "elmo train --task relation --train relations.jsonl --dev relations-dev.jsonl -o my-relations",
    ),
    Example(
        "abstracts.pubtator, abstracts-dev.pubtator",
        "documents with concepts and their relations (PubTator)",
        "elmo train --task relation --train abstracts.pubtator --dev abstracts-dev.pubtator -o my-documents",
    ),
    Example(
        "questions.json, questions-dev.json",
        "questions about passages (SQuAD layout)",
        "elmo train --task qa --train questions.json --dev questions-dev.json -o my-answers",
    ),
    Example(
        "manual/, faq.csv",
        "two pages of a manual, and a table of questions and answers",
        "elmo kb build manual faq.csv -o my-kb",
    ),
    Example("data/", "parts of speech and word senses for probes", "elmo probe en data"),
)


def write_examples(folder: Path) -> tuple[Example, ...]:
    """Write the example files into a new or an empty folder.

    Returns:
        what was written, with a first command for each.
    Raises:
        OutputError: the folder is not empty, or cannot be written.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; give the name of a new or an empty folder")
        if not folder.exists():
            with atomic_write(folder, replace=False) as part:
                _write_all(part)
            return EXAMPLES
        remove_leftovers(folder)
        if other := next(folder.iterdir(), None):
            raise OutputError(f"{folder} is not empty (it contains {other.name}); give a new or an empty folder")
        with temporary_room(folder) as room:
            part = room / "part"
            _write_all(part)
            _move_all(part, folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror or error}); give another folder") from error
    return EXAMPLES


def _write_all(folder: Path) -> None:
    shutil.copytree(FILES, folder)
    _write_made(folder)


def _move_all(part: Path, folder: Path) -> None:
    """Move all files of a folder into an empty one; when that fails, or a signal breaks it off, they all go back."""
    names = sorted(path.name for path in part.iterdir())
    try:
        for name in names:
            os.replace(part / name, folder / name)
    except BaseException:
        for name in names:
            if (folder / name).exists():
                os.replace(folder / name, part / name)
        raise


def _write_made(folder: Path) -> None:
    """The files that are made from others: compressed texts, data of word senses, the description."""
    corpus = (folder / "corpus.txt").read_bytes()
    sentences = (folder / "sentences.txt").read_bytes()
    for name in ("texts", "notes"):
        (folder / name).mkdir()
    (folder / "texts" / "one.txt").write_bytes(corpus)
    (folder / "texts" / "two.txt").write_bytes((folder / "2020.txt").read_bytes())
    (folder / "texts" / "more.txt.gz").write_bytes(gzip.compress((folder / "1990.txt").read_bytes(), mtime=0))
    (folder / "texts" / "train.txt.gz").write_bytes(gzip.compress(sentences * 4 + corpus, mtime=0))
    (folder / "notes" / "monday.txt.gz").write_bytes(gzip.compress(corpus, mtime=0))
    _write_senses(folder / "data" / "wsd")
    (folder / README).write_text("".join(_description()), encoding="utf-8")


def _write_senses(folder: Path) -> None:
    """The sentences of the demo in the layout of `elmo probe`: half of each word for training, half for testing."""
    occurrences = read_occurrences()
    for word in dict.fromkeys(o.word for o in occurrences):
        own = folder / f"senseval-{word}-en"
        own.mkdir(parents=True)
        lines = [
            json.dumps({"tokens": o.tokens, "target": o.position, "label": o.sense}) + "\n"
            for o in occurrences
            if o.word == word
        ]
        (own / "train.jsonl").write_text("".join(lines[0::2]), encoding="utf-8")
        (own / "test.jsonl").write_text("".join(lines[1::2]), encoding="utf-8")


def _description() -> Iterable[str]:
    yield "# Example files of elmo\n\n"
    yield "Small files to try the commands on. They are too small to train a useful model. Run the commands in this folder.\n"
    for files, content, command in EXAMPLES:
        yield f"\n## {files}\n\nThe content is: {content}. A first command:\n\n```bash\n{command}\n```\n"
