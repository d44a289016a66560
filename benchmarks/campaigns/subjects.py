"""What the campaign mutates: good task folders, model folders, label files and vectors, and how each is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

import elmo
from elmo import Elmo, load_task, open_vectors
from elmo.analysis.static_files import read_static_vectors
from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.many_langs import save_many_langs
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.model.output.adaptive_softmax import output_layer
from elmo.tasks.examples import Example
from elmo.tasks.kinds.registry import kind_of, task_config
from elmo.text.words.alphabet import Alphabet
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import Vocabulary
from elmo.text.words.word_vectors import read_word_vectors

WORDS = ["<S>", "</S>", "<UNK>", "the", "river", "bank", "lends", "money", "."]
SENTENCE = ["the", "river", "bank", "Oslo"]
SMALL: dict[str, Any] = {"epochs": 1, "cell_size": 4, "inputs": {"word_size": 4, "character_size": 4}}
BILM: dict[str, Any] = {
    "char_cnn": {"embedding_size": 3, "filters": [[1, 4], [3, 5]], "n_highway": 1, "max_characters": 13},
    "lstm": {"n_layers": 2, "cell_size": 11, "projection_size": 7},
}


class Subject(NamedTuple):
    """A folder or file that is whole, and how it is read."""

    group: str  # task, model, labels, vectors
    name: str
    path: Path  # a file, or a folder whose files are changed one at a time
    read: Callable[
        [Path], None
    ]  # ends if all is right; raises ElmoError, or AssertionError where what was read is wrong


def small_model(config: BiLMConfig, lexicon: Lexicon = Lexicon()) -> SavedModel:
    """A random model with softmax and vocabulary."""
    torch.manual_seed(0)
    softmax = output_layer(len(WORDS), config.encoder.projection_size, None)
    shape = ModelConfig(bilm=config, n_words=len(WORDS))
    return SavedModel(shape, BiLM(config).eval(), softmax, Vocabulary(WORDS), lexicon=lexicon)


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


def _read_model(folder: Path) -> None:
    vectors = Elmo(load_model(folder)).embed([SENTENCE, []], layers="all")
    assert all(np.isfinite(vector).all() for vector in vectors), "vectors that are not finite"


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


def _read_vectors(path: Path) -> None:
    found = read_word_vectors(path)
    assert len(found.words) == len(found.table), "words without vectors"
    assert np.isfinite(found.table).all(), "vectors that are not finite"


def _read_static(path: Path) -> None:
    read_static_vectors(path)


def _read_shards(folder: Path) -> None:
    found = open_vectors(folder)
    for row in found:
        assert np.isfinite(row.vectors).all(), "vectors that are not finite"
        assert len(row.tokens) == len(row.vectors), "tokens without vectors"


def make_subjects(place: Path) -> list[Subject]:
    """Lay out all that is mutated, in folders of `place`."""
    subjects = [*_models(place / "models"), *_tasks(place / "tasks", place / "models" / "native")]
    return [*subjects, *_labels(place / "labels"), *_vectors(place / "vectors", place / "models" / "native")]


def _models(place: Path) -> list[Subject]:
    place.mkdir(parents=True)
    plain = small_model(BiLMConfig.model_validate(BILM))
    words = ["<S>", "</S>", "<UNK>", "the", "river", "bank"]
    by_alphabet = {**BILM["char_cnn"], "alphabet_size": 9}
    other = BiLMConfig.model_validate({**BILM, "char_cnn": by_alphabet, "word_embedding": {"size": 5, "n_words": 3}})
    lexicon = Lexicon(Alphabet("therivbak"), Vocabulary(words))
    save_native(plain, place / "native")
    Elmo(plain).save_pretrained(place / "float16", storage="float16")
    save_native(small_model(other, lexicon), place / "lexicon")
    save_allennlp(plain, place / "allennlp")
    save_many_langs(small_model(other, lexicon), place / "many_langs")
    names = ("native", "float16", "lexicon", "allennlp", "many_langs")
    return [Subject("model", name, place / name, _read_model) for name in names]


FILMS = [("a fine film of the river", "good"), ("a dull film", "bad")] * 6
TAGGED = [
    (["Ann", "lives", "in", "New", "York"], ["B-PER", "O", "O", "B-LOC", "I-LOC"]),
    (["It", "rains"], ["O", "O"]),
] * 6
PAIRS = [("the river", "a river", "1"), ("the bank", "rain", "0")] * 6
RELATIONS = [("the <e1>child</e1> in the <e2>cradle</e2>", "in"), ("<e2>rain</e2> on <e1>it</e1>", "none")] * 6
PASSAGE = "The river Arn rises in Delta Hills."
QUESTIONS = [{"context": PASSAGE, "question": "Where?", "answers": [{"text": "Delta Hills", "answer_start": 23}]}] * 4


def _tasks(place: Path, model: Path) -> list[Subject]:
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


def _labels(place: Path) -> list[Subject]:
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


def _vectors(place: Path, model: Path) -> list[Subject]:
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    words, table = [f"word{i}" for i in range(30)], rng.normal(size=(30, 5)).astype("<f4")
    rows = "".join(f"{w} {' '.join(f'{x:.5f}' for x in v)}\n" for w, v in zip(words, table, strict=True))
    (place / "glove.txt").write_text(rows, encoding="utf-8")
    (place / "word2vec.txt").write_text(f"30 5\n{rows}", encoding="utf-8")
    packed = b"".join(w.encode() + b" " + v.tobytes() + b"\n" for w, v in zip(words, table, strict=True))
    (place / "word2vec.bin").write_bytes(b"30 5\n" + packed)
    (place / "text.txt").write_text("the river\n\nthe bank lends money\n" * 3, encoding="utf-8")
    embed_corpus(place / "text.txt", str(model), place / "shards")
    files = ("glove.txt", "word2vec.txt", "word2vec.bin")
    found = [Subject("vectors", name, place / name, _read_vectors) for name in files]
    found += [Subject("vectors", f"static {name}", place / name, _read_static) for name in files[1:2]]
    return [*found, Subject("vectors", "shards", place / "shards", _read_shards)]
