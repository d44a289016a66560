"""`elmo pretrain` on records, as users meet it."""

import json

from conftest import TEXT
from elmo.text.shards import read_encoded_text

FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 2]


def test_the_field_of_the_text_is_named_and_what_was_passed_over_reported(run_elmo, tmp_path):
    texts = [*TEXT.splitlines() * 10, None, "held out ."]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in texts[:-1]))
    (tmp_path / "h.jsonl").write_text(json.dumps({"body": texts[-1]}))
    (tmp_path / "empty.jsonl").touch()
    heldout = ["--text-field", "body", "--heldout", tmp_path / "h.jsonl"]
    ran = run_elmo("pretrain", "--corpus", tmp_path / "[ce]*.jsonl", "-o", tmp_path / "run", *heldout, *FAST)
    assert ran.status == 0
    assert "skipped 1 x empty file, 1 x record without text" in ran.err
    assert read_encoded_text(tmp_path / "run" / "corpus").n_documents == 30
    assert read_encoded_text(tmp_path / "run" / "heldout").sentence(0) == ["held", "out", "."]


def test_a_field_that_is_not_there_is_one_sentence_and_leaves_nothing(run_elmo, tmp_path):
    (tmp_path / "c.jsonl").write_text('{"body": "a b c"}\n')
    ran = run_elmo("pretrain", "--corpus", tmp_path / "c.jsonl", "-o", tmp_path / "run", *FAST)
    assert ran.status == 2
    assert (
        "c.jsonl, line 1: no field 'text' (there: 'body'); name the one that holds the text (--text-field)" in ran.err
    )
    assert [p.name for p in tmp_path.iterdir()] == ["c.jsonl"]
