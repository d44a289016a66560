"""Files of labelled examples: every form that users have, and one clear sentence for what cannot be read."""

import gzip
import json

import pytest

from elmo.errors import TextError
from elmo.tasks.data.conll import read_tagged
from elmo.tasks.kinds.classify.kind import read_labelled


def write(tmp_path, name, content):
    path = tmp_path / name
    raw = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.mark.parametrize("name", ["a.conll", "a.txt", "a.conll.gz"])
@pytest.mark.parametrize(
    "content",
    [
        "EU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n",
        "EU\tB-ORG\nrejects\tO\n\n\n\nPeter\tB-PER",
        "\ufeffEU B-ORG\r\nrejects O\r\n\r\nPeter B-PER\r\n",
        "-DOCSTART- O\n\nEU B-ORG\nrejects O\n\n-DOCSTART- O\n\nPeter B-PER\n",
    ],
    ids=["blanks", "tabs, no line end", "windows", "documents"],
)
def test_columns_of_every_kind(tmp_path, name, content):
    first, second = read_tagged(write(tmp_path, name, content))
    assert [t.text for t in first.tokens] == ["EU", "rejects"]
    assert first.labels == ["B-ORG", "O"]
    assert (second.text, second.labels) == ("Peter", ["B-PER"])
    assert first.text[first.tokens[1].start : first.tokens[1].end] == "rejects"


def test_conllu_has_words_and_their_upos(tmp_path):
    rows = ["1-2\tdon't" + "\t_" * 8, "1\tdo\t_\tAUX" + "\t_" * 6, "2\tn't\t_\tPART" + "\t_" * 6, "2.1\tx" + "\t_" * 8]
    (example,) = read_tagged(write(tmp_path, "a.conllu", "# sent_id = 1\n" + "\n".join(rows) + "\n"))
    assert ([t.text for t in example.tokens], example.labels, example.line) == (["do", "n't"], ["AUX", "PART"], 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "contains no sentence"),
        ("\n\n", "contains no sentence"),
        ("EU\n", r"line 1: 1 column\(s\), expected a word and a tag"),
        ("EU B-ORG\nPeter\n", r"line 2: 1 column\(s\), the first line has 2; columns are separated by blanks"),
        (
            "EU\tB-ORG\nNew York\tB-LOC\tx\n",
            r"line 2: 3 column\(s\), the first line has 2; columns are separated by tabs",
        ),
        ("EU\tB-ORG\nNew\t\n", "line 2: no tag"),
        (b"EU \xff\n", "line 1: not UTF-8"),
    ],
)
def test_columns_that_cannot_be_read_are_named_by_line(tmp_path, content, message):
    with pytest.raises(TextError, match=rf"a\.conll.*{message}"):
        read_tagged(write(tmp_path, "a.conll", content))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "a, fine film", "label": 1}\n\n{"text": ["bad", "one"], "label": 0}\n'),
        ("a.jsonl.gz", '\ufeff{"label": "1", "text": "a, fine film"}\r\n{"sentence": "bad one", "label": "0"}'),
        ("a.tsv", "a, fine film\t1\nbad one\t0"),
        ("a.tsv", "sentence\tx\tlabel\na, fine film\tx\t1\n\nbad one\ty\t0\n"),
        ("a.csv", 'label,text\n1,"a, fine film"\n0,bad one\n'),
        ("a.csv", '"a, fine film",1\r\nbad one,0\r\n'),
    ],
)
def test_labelled_texts_of_every_kind(tmp_path, name, content):
    first, second = read_labelled(write(tmp_path, name, content))
    assert (first.text, first.labels) == ("a, fine film", ["1"])
    assert ([t.text for t in second.tokens], second.labels) == (["bad", "one"], ["0"])


def test_a_text_may_have_any_number_of_labels(tmp_path):
    lines = [{"text": "a", "labels": ["x", "y"]}, {"text": "b", "label": []}, {"text": "c", "label": "z"}]
    path = write(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert [e.labels for e in read_labelled(path)] == [["x", "y"], [], ["z"]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", "", "contains no text"),
        ("a.jsonl", '{"text": "a", "label": 1}\n[1]\n', r"line 2: \[1\] is not a JSON object"),
        ("a.jsonl", '{"text": "a", "label": 1}\n{"text"\n', "line 2: not JSON"),
        ("a.jsonl", '{"corpus": "a", "label": 1}\n', "line 1: no text"),
        ("a.jsonl", '{"text": "a"}\n', "line 1: no label"),
        ("a.jsonl", '{"text": " ", "label": 1}\n', "line 1: the text contains no word"),
        ("a.jsonl", '{"text": "a", "label": {"x": 1}}\n', "line 1: .* is not a label"),
        ("a.jsonl", "[" * 100_000, "line 1: not JSON"),
        ("a.csv", "a,1\nb\n", r"line 2: 1 column\(s\), the first line has 2"),
        ("a.tsv", "a\n", r"line 1: 1 column\(s\), expected text and a label"),
        ("a.csv", "a,1\nb,\n", "line 2: the label is empty"),
        ("a.txt", "a\n", "rename the file if it is one of these, else convert it"),
    ],
)
def test_labelled_texts_that_cannot_be_read_are_named_by_line(tmp_path, name, content, message):
    with pytest.raises(TextError, match=message) as error:
        read_labelled(write(tmp_path, name, content))
    assert name in str(error.value)
