"""Tagged sentences as jsonl: tokens with tags or texts with spans, however the file ends its lines; faults named by line."""

import json

import pytest

from elmo.errors import TextError
from elmo.tasks.data.conll import require_span_tags
from elmo.tasks.data.tag_jsonl import read_tagged_records

SLOTS = {"tokens": ["play", "some", "Bach"], "slots": ["O", "O", "B-artist"], "intent": "PlayMusic"}


def write(path, *records, ends="\n", bom="", last=True):
    text = ends.join(json.dumps(record) for record in records) + (ends if last else "")
    path.write_bytes((bom + text).encode())
    return path


@pytest.mark.parametrize(
    "how", [{}, {"ends": "\r\n"}, {"last": False}, {"bom": "\ufeff"}], ids=["plain", "windows", "no line end", "mark"]
)
def test_tokens_and_tags(tmp_path, how):
    path = write(tmp_path / "a.jsonl", SLOTS, {"text": "play  Bach", "tags": ["O", "B-artist"]}, **how)
    first, second = read_tagged_records(path)
    assert ([t.text for t in first.tokens], first.labels, first.line) == (SLOTS["tokens"], SLOTS["slots"], 1)
    assert [second.text[t.start : t.end] for t in second.tokens] == ["play", "Bach"]
    assert (second.labels, second.line) == (["O", "B-artist"], 2)


@pytest.mark.filterwarnings("ignore:.*inside a token")
def test_spans_by_characters_become_tags(tmp_path):
    text = "Ann Smith lives in Oslo."
    spans = [{"start": 0, "end": 9, "label": "PER"}, [19, 22, "LOC"]]  # the second covers its token in part
    path = write(tmp_path / "a.jsonl", {"text": text, "entities": spans}, {"text": text, "spans": []})
    first, second = read_tagged_records(path)
    assert first.labels == ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
    assert set(second.labels) == {"O"}


def test_another_key_may_hold_the_tags(tmp_path):
    path = write(tmp_path / "a.jsonl", {"tokens": ["a", "b"], "tags": ["O", "O"], "pos": ["DET", "NOUN"]})
    assert read_tagged_records(path, "pos")[0].labels == ["DET", "NOUN"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", r"line 2: \[1\] is not a JSON object"),
        ("{", "line 2: not JSON"),
        ('{"tags": ["O"]}', "line 2: no text"),
        ('{"tokens": ["a", " "], "tags": ["O", "O"]}', "line 2: no text"),
        ('{"tokens": ["a", "b"], "tags": ["O"]}', "line 2: 1 tags for 2 tokens"),
        ('{"tokens": ["a"]}', "line 2: no tags"),
        ('{"text": "a b", "spans": [[0, 1]]}', r"line 2: \[0, 1\] is not a span"),
        ('{"text": "a b", "spans": [[5, 9, "X"]]}', "line 2: the span .* is not within the text"),
        ('{"text": "a b", "spans": [[0, 3, "X"], [2, 3, "Y"]]}', "line 2: the span .* overlaps another"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path, line, message):
    (tmp_path / "a.jsonl").write_text(json.dumps(SLOTS) + "\n" + line + "\n")
    with pytest.raises(TextError, match=rf"a\.jsonl, {message}"):
        read_tagged_records(tmp_path / "a.jsonl")


def test_a_file_without_a_sentence_is_refused_and_a_tag_of_no_span_named_by_its_line(tmp_path):
    (tmp_path / "a.jsonl").write_text("\n\n")
    with pytest.raises(TextError, match=r"a\.jsonl: contains no sentence"):
        read_tagged_records(tmp_path / "a.jsonl")
    path = write(tmp_path / "b.jsonl", SLOTS, {**SLOTS, "slots": ["O", "O", "NOUN"]})
    with pytest.raises(TextError, match=r"b\.jsonl, line 2: the tag 'NOUN' is not the tag of a span"):
        require_span_tags(read_tagged_records(path), path)


def test_the_data_sets_of_the_project_are_read(shared):
    for name, n in (("snips-en", 700), ("atis-en", 893)):
        examples = read_tagged_records(shared / "data" / "intent" / name / "test.jsonl.gz")
        assert len(examples) == n
        require_span_tags(examples, shared)
