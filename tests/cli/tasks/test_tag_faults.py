"""Tagged files as users have them: comments, stray tags, odd blanks, exports of tools, spans that do not fit."""

import json

import pytest

from elmo import load_task

SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]
WORDS = [("Anna", "B-PER"), ("lives", "O"), ("in", "O"), ("New", "B-LOC"), ("York", "I-LOC"), (".", "O")]
ANN = "Ann lives in Oslo."


@pytest.fixture
def train(run_elmo, tmp_path):
    def trained(name, content, *options):
        if content is not None:
            (tmp_path / name).write_text(content, encoding="utf-8")
        files = ["--train", tmp_path / name, "--dev", tmp_path / name]
        return run_elmo(
            "train", "--task", "tag", *files, "--baseline", *SMALL, *options, "-o", tmp_path / "t", "--json"
        )

    return trained


def sentence(between="\t", before="", words=WORDS, extra=()):
    return before + "".join(between.join([word, *extra, tag]) + "\n" for word, tag in words) + "\n"


def refused(done, message):
    assert (done.status, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize(
    "content",
    [
        sentence(" ", "# id 0000-0 domain=train\n", extra=("_", "_")) * 4,
        sentence(" ", "# newdoc\n") * 4,
        sentence("\t", "# sent_id = 0\n# text = Anna lives\n") * 4,
        "#begin document (a/b); part 000\n" + sentence(" ") * 4 + "#end document\n",
        "#begin document (a/b); part 000\n" + (sentence(" ") * 4).rstrip("\n") + "\n#end document\n",
    ],
)
def test_comments_before_a_sentence_are_no_tokens(train, tmp_path, content):
    assert train("a.conll", content).status == 0
    task = load_task(tmp_path / "t")
    assert (task.file.labels, task.file.scheme) == (["LOC", "PER"], "bio")
    assert "#" not in task.words.words
    assert [len(e.tokens) for e in task.read(tmp_path / "a.conll")] == [6] * 4


def test_a_word_that_begins_with_a_hash_stays_one(train, tmp_path):
    assert train("a.conll", sentence(" ", "# O\n#oslo B-LOC\n") * 4).status == 0
    examples = load_task(tmp_path / "t").read(tmp_path / "a.conll")
    assert [t.text for t in examples[0].tokens[:2]] == ["#", "#oslo"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tag: tag.replace("-", "_"), "B_LOC is read as B-LOC"),
        (lambda tag: tag if tag == "O" else f"{tag[2:]}-{tag[0]}", "LOC-B is read as B-LOC"),
        (lambda tag: tag.lower(), "b-loc is read as B-loc"),
        (lambda tag: "0" if tag == "O" else tag, "0 is read as O"),
    ],
)
def test_other_spellings_of_tags_are_read_as_spans(train, tmp_path, change, message):
    done = train("a.conll", sentence(words=[(word, change(tag)) for word, tag in WORDS]) * 4)
    assert done.status == 0, done.err
    assert message in done.err
    task = load_task(tmp_path / "t")
    assert [label.upper() for label in task.file.labels] == ["LOC", "PER"]
    assert "dev_f1" in task.file.training
    assert task.evaluate(tmp_path / "a.conll").main_score == "f1"


def test_one_stray_tag_does_not_turn_spans_off(train):
    stray = [*WORDS[:3], ("Bob", "B_PER"), *WORDS[3:]]
    refused(
        train("a.conll", sentence() * 2 + sentence(words=stray)),
        "line 18: the tag 'B_PER' is not the tag of a span, unlike 9 others",
    )
    refused(
        train("a.conll", sentence() * 3 + sentence(words=[("Bob", "PER")])),
        "line 22: the tag 'PER' is not the tag of a span",
    )
    assert train("a.conll", sentence() * 2 + sentence(words=stray), "--set", "spans=false").status == 0


def test_parts_of_speech_stay_single_labels(train, tmp_path):
    words = [("Anna", "NNP"), ("saw", "VBD"), ("a", "DT"), ("b_c", "I"), (".", ".")]
    assert train("a.conll", sentence(words=words) * 4).status == 0
    assert load_task(tmp_path / "t").file.scheme is None


def test_only_blanks_and_tabs_separate_columns(train, tmp_path):
    words = [("10\u00a0000", "B-NUM"), ("a\u202fb", "I-NUM"), ("gens", "O"), ("\u3000", "O")]
    assert (
        train("a.conll", sentence(" ", words=words) * 4 + sentence("  \t".replace("\t", ""), words=words)).status == 0
    )
    examples = load_task(tmp_path / "t").read(tmp_path / "a.conll")
    assert [[t.text for t in e.tokens] for e in examples] == [[word for word, _ in words]] * 5


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


PRODIGY = {
    "text": ANN,
    "tokens": [
        {"text": "Ann", "start": 0, "end": 3, "id": 0},
        {"text": "lives", "start": 4, "end": 9, "id": 1},
        {"text": "in", "start": 10, "end": 12, "id": 2},
        {"text": "Oslo.", "start": 13, "end": 18, "id": 3},
    ],
    "spans": [{"start": 0, "end": 3, "token_start": 0, "token_end": 0, "label": "PER"}],
    "answer": "accept",
}


@pytest.mark.filterwarnings("default")
def test_exports_of_labelling_tools_are_read(train, tmp_path):
    rejected = {**PRODIGY, "spans": [{"start": 4, "end": 9, "label": "WRONG"}], "answer": "reject"}
    done = train("a.jsonl", lines(PRODIGY, rejected, {**rejected, "answer": "ignore"}))
    assert done.status == 0, done.err
    assert "2 sentences are left out because their answer is not accept" in done.err
    task = load_task(tmp_path / "t")
    assert task.file.labels == ["PER"]
    (example,) = task.read(tmp_path / "a.jsonl")
    assert [t.text for t in example.tokens] == ["Ann", "lives", "in", "Oslo."]


@pytest.mark.parametrize(
    "record",
    [
        {"text": "Ann lives.", "tokens": ["Ann", "lives", "."], "spans": [[0, 3, "PER"]]},
        {"text": "Ann lives.", "label": [[0, 3, "PER"]]},  # doccano
        {"id": 1, "text": "Ann lives.", "entities": [{"id": 5, "label": "PER", "start_offset": 0, "end_offset": 3}]},
        {"text": "Ann lives.", "label": [{"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}]},  # Label Studio
    ],
)
def test_spans_of_other_names_and_tokens_of_the_file_are_read(train, tmp_path, record):
    assert (
        train("a.jsonl", lines(record, {"text": "It rains.", "spans": None}, {"text": "Hm.", "entities": []})).status
        == 0
    )
    examples = load_task(tmp_path / "t").read(tmp_path / "a.jsonl")
    assert [e.labels for e in examples] == [["B-PER", "O", "O"], ["O", "O", "O"], ["O", "O"]]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"tokens": ["Ann", "lives"], "ner_tags": [1, 0]},
            "line 1: 'ner_tags' contains numbers; write the names of the tags",
        ),
        (
            {"text": ANN, "spans": [[13, 170, "LOC"]]},
            "line 1: the span [13, 170, 'LOC'] is not within the text, 18 characters",
        ),
        ({"text": ANN, "spans": [[-5, 3, "LOC"]]}, "is not within the text"),
        ({"text": ANN, "spans": [[4, 4, "LOC"]]}, "is not within the text"),
        (
            {"text": ANN, "spans": [{"start": 4, "end": 9, "label": "PER", "text": "Ann"}]},
            "should cover 'Ann', but the text there is 'lives'",
        ),
        ({"text": ANN, "tokens": ["Bob"], "spans": [[0, 3, "PER"]]}, "line 1: the token 'Bob' is not in the text"),
    ],
)
def test_spans_that_do_not_fit_are_refused(train, tmp_path, record, message):
    content = lines({"text": ANN, "spans": [[0, 3, "PER"]]}, record)
    refused(train("a.jsonl", content), message.replace("line 1", "line 2"))
    assert not (tmp_path / "t").exists()


@pytest.mark.filterwarnings("default")
def test_offsets_in_utf_16_are_recognised_by_the_texts_of_spans(train, tmp_path):
    record = {
        "text": "\U0001f600\U0001f600 Ann lives.",
        "spans": [{"start": 5, "end": 8, "label": "PER", "text": "Ann"}],
    }
    done = train("a.jsonl", lines(*[record] * 2))
    assert done.status == 0
    assert "2 sentences have spans that fit only if characters are counted in UTF-16 units" in done.err
    (example, _) = load_task(tmp_path / "t").read(tmp_path / "a.jsonl")
    assert [(t.text, tag) for t, tag in zip(example.tokens, example.labels, strict=True) if tag != "O"] == [
        ("Ann", "B-PER")
    ]


@pytest.mark.filterwarnings("default")
def test_spans_that_begin_inside_a_token_are_counted(train):
    done = train("a.jsonl", lines({"text": ANN, "spans": [[1, 3, "PER"], [13, 17, "LOC"]]}))
    assert done.status == 0
    assert "1 spans begin or end inside a token" in done.err


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("header", ["", "id\tword\ttag\n"])
def test_numbers_of_words_and_names_of_columns_are_no_words(train, tmp_path, start, header):
    lines = "".join(f"{i}\t{word}\t{tag}\n" for i, (word, tag) in enumerate(WORDS, start))
    assert train("a.conll", header + f"{lines}\n" * 4).status == 0
    task = load_task(tmp_path / "t")
    assert task.file.labels == ["LOC", "PER"]
    read = task.read(tmp_path / "a.conll")
    assert [[t.text for t in example.tokens] for example in read] == [[word for word, _ in WORDS]] * 4


@pytest.mark.parametrize("header", ["word tag", "Token\tNER-Tag", "FORM POS UPOS"])
def test_a_first_line_that_names_columns_is_no_sentence(train, tmp_path, header):
    blank = "\t" if "\t" in header else " "
    extra = ("X",) * (len(header.split()) - 2)
    assert train("a.tsv", header + "\n" + sentence(blank, extra=extra) * 4).status == 0
    task = load_task(tmp_path / "t")
    assert (task.file.labels, len(task.read(tmp_path / "a.tsv"))) == (["LOC", "PER"], 4)
    tags = "word tag\nthe DET\ntag NOUN\n\na DET\ntag tag\n\n"
    assert train("b.tsv", tags, "--force").status == 0
    assert load_task(tmp_path / "t").file.labels == ["DET", "NOUN", "tag"]


@pytest.mark.parametrize(
    ("label", "tags"),
    [("2", ["NOUN"]), ("3", ["LOC", "PER"]), ("ner", ["LOC", "PER"]), ("pos", ["NOUN"]), (None, ["LOC", "PER"])],
)
def test_the_column_of_the_tag_may_be_named(train, tmp_path, label, tags):
    header = "word pos ner\n" if label in ("ner", "pos") else ""
    setting = [] if label is None else ["--set", f"label={label}"]
    done = train("a.conll", header + sentence(" ", extra=("NOUN",)) * 3 + "a X O\n\n" * 2, *setting)
    assert done.status == 0, done.err
    assert load_task(tmp_path / "t").file.labels == ([*tags, "X"] if tags == ["NOUN"] else tags)
    refused(
        train("a.conll", sentence(" ") * 4, "--set", "label=nonsense", "--force"),
        "a.conll: no column 'nonsense' (--set label=)",
    )
    refused(train("a.conll", sentence(" ") * 4, "--set", "label=3", "--force"), "there are 2; give a number from 1")


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_tagged_records_of_json_and_parquet_are_read(train, tmp_path, form):
    records = [{"tokens": [w for w, _ in WORDS], "ner_tags": [t for _, t in WORDS]}] * 4
    if form == "parquet":
        parquet = pytest.importorskip(
            "pyarrow.parquet", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')"
        )
        import pyarrow

        parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "a.parquet")
        content = None
    else:
        content = json.dumps(records, indent=1)
    assert train(f"a.{form}", content).status == 0
    task = load_task(tmp_path / "t")
    assert (task.file.labels, len(task.read(tmp_path / f"a.{form}"))) == (["LOC", "PER"], 4)


def test_exports_without_tags_are_refused_by_what_they_hold(train):
    studio = [{"id": 1, "data": {"text": ANN}, "annotations": []}]
    refused(train("a.json", json.dumps(studio)), "a.json, record 1: no text (found: 'id', 'data', 'annotations')")
    kaggle = "Sentence #,Word,POS,Tag\nSentence: 1,Ann,NNP,B-PER\n,sleeps,VBZ,O\n"
    refused(train("a.csv", kaggle), "a.csv: tagged sentences are not read from .csv tables; write a word, a tab")
