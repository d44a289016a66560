"""Tables and records as users have them: the right columns are learned from, or one sentence says which could be meant."""

import csv
import io
import json

import pytest

from elmo import load_task

FILMS = [("a fine film", "pos"), ("great acting", "pos"), ("a dull film", "neg"), ("poor acting", "neg")] * 4
PAIRS = [("a fine film", "a good film", "1"), ("great acting", "a tree", "0")] * 8
SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]


def table(rows, header, delimiter=","):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerows([header, *rows] if header else rows)
    return file.getvalue()


@pytest.fixture
def train(run_elmo, tmp_path):
    def trained(name, content, *options, task="classify", dev=None):
        for own, text in ((name, content), (f"dev.{name}", content if dev is None else dev)):
            (tmp_path / own).write_text(text, encoding="utf-8")
        files = ["--train", tmp_path / name, "--dev", tmp_path / f"dev.{name}"]
        return run_elmo("train", "--task", task, *files, "--baseline", *SMALL, *options, "-o", tmp_path / "t", "--json")

    return trained


def learned(tmp_path):
    task = load_task(tmp_path / "t")
    return task.file.labels, set(task.words.words), task.file.training["examples"]


@pytest.mark.parametrize(
    ("header", "row", "options"),
    [
        (["id", "sentiment", "review"], lambda i, text, label: [f"{i}_7", label, text], []),
        (["id", "sentiment", "review"], lambda i, text, label: [f"{i}_7", label, text], ["--set", "label=sentiment"]),
        (["review", "sentiment"], lambda i, text, label: [text, label], []),
        (["Review Text ", " Sentiment"], lambda i, text, label: [text, label], []),
        (["text", "label", "date"], lambda i, text, label: [text, label, f"2020-01-{i:02}"], []),
        (["", "tweet_text", "airline_sentiment"], lambda i, text, label: [i, text, label], []),
        (["id", "utterance", "xyz"], lambda i, text, label: [i, text, label], []),  # one column is left
        (["xyz", "intent"], lambda i, text, label: [text, label], []),
        (["u", "v", "w"], lambda i, text, label: [i, text, label], ["--set", "text=v", "--set", "label=W"]),
        (["title", "plot", "body", "label"], lambda i, text, label: [i, i, text, label], []),
        (["title", "text", "body", "label"], lambda i, text, label: [i, text, i, label], []),
        (["label", "a", "c"], lambda i, text, label: [label, i, text], ["--set", "text=c"]),
    ],
)
@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.tsv", "\t")])
def test_columns_are_found_by_the_names_of_the_usual_tables(train, tmp_path, header, row, options, name, delimiter):
    rows = [row(i, text, label) for i, (text, label) in enumerate(FILMS)]
    done = train(name, table(rows, header, delimiter), *options)
    assert done.status == 0, done.err
    labels, words, n = learned(tmp_path)
    assert (labels, n) == (["neg", "pos"], 16)
    assert {"film", "acting", "dull"} <= words


@pytest.mark.filterwarnings("default")
def test_a_first_line_that_names_columns_given_by_number_is_odd(train, tmp_path):
    lines = "".join(f"{i};{text};{label}\n" for i, (text, label) in enumerate(FILMS))
    done = train("a.csv", "Nr;Satz;Urteil\n" + lines)
    assert (done.status, done.out) == (2, "")
    assert "if the first line names them, give their names: --set text=NAME --set label=NAME; else give" in done.err
    done = train("a.csv", "Nr;Satz;Urteil\n" + lines, "--set", "text=2", "--set", "label=3")
    assert "the first line is read as an example; if it names the columns, give their names" in done.err
    assert "--set text=Satz --set label=Urteil" in done.err
    done = train("a.csv", lines, "--set", "text=2", "--set", "label=3", "--force")
    assert (done.status, "first line" in done.err) == (0, False)
    done = train("a.csv", "Nr;text;label\n" + lines, "--set", "text=2", "--set", "label=3", "--force")
    assert (done.status, learned(tmp_path)[0]) == (0, ["neg", "pos"])


def test_a_quotation_mark_without_an_end_and_a_tsv_without_tabs_are_named(train):
    rows = "".join(f"{text},{label}\n" for text, label in FILMS)
    done = train("a.csv", 'text,label\n"never closed,pos\n' + rows)
    assert done.status == 2
    assert (
        "a.csv, line 2: 1 column(s), the first line has 2; a quotation mark that opens there is not closed" in done.err
    )
    done = train("a.tsv", "text;label\n" + rows.replace(",", ";"))
    assert done.status == 2
    assert "a.tsv: no tab between the columns, which a .tsv file has; name it .csv if" in done.err


def test_a_label_that_may_mean_none_is_odd(train, tmp_path):
    rows = "".join(f"{text},{label}\n" for text, label in FILMS)
    done = train("a.csv", "text,label\n" + rows + "a film,-\nno film,-\n")
    assert (done.status, learned(tmp_path)[0]) == (0, ["-", "neg", "pos"])
    assert "odd: the label '-' of 2 examples may mean that they have none" in done.err


def test_several_labels_in_one_cell_are_refused(train):
    rows = "".join(f"a film {i},{label}\n" for i, label in enumerate(["joy", '"joy,fear"', "fear"] * 4))
    done = train("a.csv", "text,label\n" + rows, "--set", "multi_label=true")
    assert (done.status, done.out) == (2, "")
    assert "the label 'joy,fear' is several in one; a text with several labels has a list of them" in done.err


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"text": "a", "label": None}, "line 3: the label ('label') is empty; fill it in, or leave the line out"),
        ({"text": None, "label": "pos"}, "line 3: the text ('text') is empty; fill it in, or leave the line out"),
    ],
)
def test_a_null_is_an_empty_value(train, record, message):
    rows = [{"text": "a fine film", "label": "pos"}, {"text": "a dull film", "label": "neg"}, record]
    done = train("a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert (done.status, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize("first", ["", "sep=;\n"])
def test_chinese_names_of_columns_are_found(train, tmp_path, first):
    lines = [f"{i};{label};{text}\n" for i, (text, label) in enumerate(FILMS)]
    done = train("a.csv", first + "编号;标签;评论内容\n" + "".join(lines))
    assert done.status == 0, done.err
    labels, words, n = learned(tmp_path)
    assert (labels, n) == (["neg", "pos"], 16)
    assert {"film", "acting", "dull"} <= words


@pytest.mark.parametrize(
    ("header", "row", "options"),
    [
        (["index", "question", "sentence", "label"], lambda i, a, b, y: [i, a, b, y], []),  # QNLI
        (["id", "qid1", "qid2", "question1", "question2", "is_duplicate"], lambda i, a, b, y: [i, i, i, a, b, y], []),
        (["Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"], lambda i, a, b, y: [y, i, i, a, b], []),  # MRPC
        (
            ["gold_label", "sentence1_parse", "sentence1", "sentence2", "label1"],
            lambda i, a, b, y: [y, "x", a, b, "z"],
            [],
        ),
        (
            ["pair_ID", "sentence_A", "sentence_B", "relatedness_score", "entailment_judgment"],
            lambda i, a, b, y: [i, a, b, 3.5, {"1": "YES", "0": "NO"}[y]],
            [],
        ),
        (["x", "y", "z"], lambda i, a, b, y: [b, y, a], ["--set", "a=z", "--set", "b=x", "--set", "label=y"]),
    ],
)
def test_columns_of_pairs_are_found(train, tmp_path, header, row, options):
    rows = [row(i, a, b, y) for i, (a, b, y) in enumerate(PAIRS)]
    assert train("a.tsv", table(rows, header, "\t"), *options, task="pair").status == 0
    task = load_task(tmp_path / "t")
    examples = task.read(tmp_path / "a.tsv")
    assert (examples[1].text, examples[1].other.text) == ("great acting", "a tree")
    assert [e.labels[0] in ("1", "YES") for e in examples[:2]] == [True, False]


QUOTED = {
    "quoted throughout": lambda cell: '"' + cell.replace('"', '""') + '"',
    "quoted where needed": lambda cell: '"' + cell.replace('"', '""') + '"' if '"' in cell or "\t" in cell else cell,
}


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED)
@pytest.mark.parametrize("odd", ['He said "fine"', "a\ttab", 'a "b"\tc'])
def test_a_quoted_tsv_is_read_as_it_was_written(train, tmp_path, quoted, odd):
    rows = [["text", "label"], *([f"{odd} {text}", label] for text, label in FILMS)]
    content = "".join("\t".join(map(quoted, row)) + "\n" for row in rows)
    done = train("a.tsv", content)
    assert done.status == 0, done.err
    (example, *_) = load_task(tmp_path / "t").read(tmp_path / "a.tsv")
    assert (example.text, example.labels) == (f"{odd} a fine film", ["pos"])


def test_marks_of_a_tsv_that_is_not_quoted_are_text(train, tmp_path):
    texts = ['"A fine film', '"Great" acting', 'a "dull" film', '"poor acting"'] * 4
    rows = [["text", "label"], *([text, label] for text, (_, label) in zip(texts, FILMS, strict=True))]
    assert train("a.tsv", "".join("\t".join(row) + "\n" for row in rows)).status == 0
    examples = load_task(tmp_path / "t").read(tmp_path / "a.tsv")
    assert [example.text for example in examples] == texts


def test_records_of_json_and_parquet_are_read(train, tmp_path, run_elmo):
    records = [{"id": i, "review": text, "sentiment": label} for i, (text, label) in enumerate(FILMS)]
    done = train("a.json", json.dumps(records))
    assert done.status == 0, done.err
    assert learned(tmp_path)[0] == ["neg", "pos"]
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(records), tmp_path / "b.parquet")
    files = ["--train", tmp_path / "b.parquet", "--dev", tmp_path / "b.parquet", "-o", tmp_path / "p"]
    done = run_elmo("train", "--task", "classify", *files, "--baseline", *SMALL)
    assert done.status == 0, done.err
    assert [e.text for e in load_task(tmp_path / "p").read(tmp_path / "b.parquet")] == [text for text, _ in FILMS]


def test_of_several_keys_that_could_be_the_label_none_is_taken(train):
    lines = "".join(
        json.dumps({"id": i, "comment_text": text, "toxic": i % 2, "insult": 0}) + "\n"
        for i, (text, _) in enumerate(FILMS)
    )
    done = train("a.jsonl", lines)
    assert (done.status, done.out) == (2, "")
    assert "line 1: which key is the label, 'toxic' or 'insult'? --set label=NAME" in done.err
    assert train("a.jsonl", lines, "--set", "label=toxic").status == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [(label, f"{text} {i}") for i, (text, label) in enumerate(FILMS)],
            "column 1 looks like the label, not the last ('pos', 'a fine film 0')",
        ),
        (
            [("My words", "Mood"), *((f"{text} {i}", y) for i, (text, y) in enumerate(FILMS))],
            "the first line ('My words', 'M",
        ),
    ],
)
def test_two_columns_without_a_known_header_in_another_order_are_refused(train, tmp_path, rows, message):
    done = train("a.csv", table(rows, None))
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert "--set label=" in done.err
    assert not (tmp_path / "t").exists()


def test_the_number_of_a_column_names_it_in_a_table_without_a_header(train, tmp_path):
    rows = [["gj04", {"pos": 1, "neg": 0}[label], "", text] for text, label in FILMS]  # CoLA
    done = train("a.tsv", table(rows, None, "\t"))
    assert (done.status, done.out) == (2, "")
    assert "4 columns without a known header" in done.err
    assert "--set text=N --set label=N" in done.err
    assert train("a.tsv", table(rows, None, "\t"), "--set", "text=4", "--set", "label=2").status == 0
    assert learned(tmp_path)[0] == ["0", "1"]


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        (
            ["review", "sentiment"],
            ["--set", "label=stars"],
            "no column 'stars' (--set label=); the columns are 'review', 'sentiment'",
        ),
        (
            ["review", "sentiment"],
            ["--set", "text=body"],
            "no column 'body' (--set text=); the columns are 'review', 'sentiment'",
        ),
        (None, ["--set", "label=stars"], "no column 'stars'; the first row is 'a fine film', 'pos'"),
        (None, ["--set", "text=1", "--set", "label=7"], "there is no column 7"),
    ],
)
def test_a_named_column_that_is_not_there_is_refused(train, tmp_path, header, options, message):
    done = train("a.csv", table(FILMS, header), *options)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert not (tmp_path / "t").exists()


def test_several_columns_that_could_be_the_label_are_named(train):
    names = ["id", "comment_text", "toxic", "severe_toxic", "insult"]  # Jigsaw
    rows = [[i, text, i % 2, 0, 0] for i, (text, _) in enumerate(FILMS)]
    done = train("a.csv", table(rows, names))
    assert (done.status, done.out) == (2, "")
    assert "which column is the label, 'toxic' or 'severe_toxic' or 'insult'? --set label=NAME" in done.err
    assert train("a.csv", table(rows, names), "--set", "label=toxic").status == 0


def test_what_is_read_is_shown_before_a_training(train):
    rows = [[i, text, label] for i, (text, label) in enumerate(FILMS)]
    done = train("reviews.csv", table(rows, ["id", "review", "sentiment"]))
    assert "reviews.csv: 16 examples; text: column 'review'; label: column 'sentiment'" in done.err
    assert "labels: 2 (pos 8, neg 8)" in done.err
    assert "example 1: a fine film -> pos" in done.err
    assert "16 dev examples are in the training file too, 0 with another label" in done.err


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[str(i), f"x{i % 2}"] for i in range(12)], "all texts are numbers; name the column of the text"),
        ([[f"text {i}", f"x{i}"] for i in range(12)], "12 labels for 12 examples; name the column of the label"),
        (
            [["The body of the text", "Mood"], *([text, label] for text, label in FILMS)],
            "the first line ('The body of the text', 'Mood') is read as",
        ),
    ],
)
def test_what_looks_like_other_columns_warns(train, rows, message):
    assert message in train("a.csv", table(rows, None)).err


def test_the_names_of_records_are_found_and_a_wrong_one_is_refused(train, tmp_path):
    lines = "".join(json.dumps({"id": 1, "review": text, "sentiment": label}) + "\n" for text, label in FILMS)
    assert train("a.jsonl", lines).status == 0
    assert learned(tmp_path)[0] == ["neg", "pos"]
    done = train("a.jsonl", lines, "--set", "label=stars", "--force")
    assert (done.status, done.out) == (2, "")
    assert "line 1: no key 'stars' (--set label=); the record has 'id', 'review', 'sentiment'" in done.err


@pytest.mark.filterwarnings("default")
def test_labels_of_the_dev_file_that_are_not_in_the_training_file(train, tmp_path):
    numbers = table([(text, {"pos": "1", "neg": "0"}[label]) for text, label in FILMS], ["text", "label"])
    decimals = table([(text, {"pos": "1.0", "neg": "0.0"}[label]) for text, label in FILMS], ["text", "label"])
    assert train("a.csv", numbers, dev=decimals).status == 0
    assert [e.labels for e in load_task(tmp_path / "t").read(tmp_path / "dev.a.csv")[:3]] == [["1"], ["1"], ["0"]]
    words = table([(text, {"pos": "yes", "neg": "no"}[label]) for text, label in FILMS], ["text", "label"])
    done = train("a.csv", numbers, "--force", dev=words)
    assert (done.status, done.out) == (2, "")
    assert "none of its labels ('yes', 'no') is in the training file, which has '0', '1'" in done.err
    texts = table([(text, {"pos": "true", "neg": "false"}[label]) for text, label in FILMS], ["text", "label"])
    capitals = texts.replace(",true", ",True").replace(",false", ",False")
    done = train("b.csv", texts, "--force", dev=capitals)
    assert (done.status, done.out) == (2, "")
    assert "none of its labels ('True', 'False') is in the training file, which has 'false', 'true'" in done.err
    some = table([(text, {"pos": "1", "neg": "minus"}[label]) for text, label in FILMS], ["text", "label"])
    done = train("a.csv", numbers, "--force", dev=some)
    assert done.status == 0
    assert "8 of 16 labels are not in the training file ('minus'); it has '0', '1'" in done.err


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        (["NaN", '"x"', '"y"'], [], "line 1: the label is nan, which means none"),
        (["[1, 0]", "[0, 1]", "[0, 0]"], ["--set", "multi_label=true"], "the labels are vectors of 0 and 1"),
    ],
)
def test_labels_that_are_none_are_refused(train, labels, options, message):
    lines = "".join(f'{{"text": "a film", "label": {label}}}\n' for label in labels * 4)
    done = train("a.jsonl", lines, *options)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
