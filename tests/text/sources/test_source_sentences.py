import json

from elmo.text.sources.source_sentences import TextOptions, read_sentences


def test_a_blank_line_ends_a_document(tmp_path):
    (tmp_path / "a.txt").write_text("\na b\nc\n \t\n\n\u00e9 f\n\n", encoding="utf-8")
    found = list(read_sentences([tmp_path / "a.txt"], TextOptions(pretokenized=True)))
    assert [(s.words, s.document, s.line, s.size_bytes) for s in found] == [
        (["a", "b"], 1, 2, 4),
        (["c"], 1, 3, 2),
        (["\u00e9", "f"], 2, 6, 5),
    ]


def test_the_sentences_of_a_raw_line_share_its_bytes(tmp_path):
    (tmp_path / "a.txt").write_text("He swims. She runs.\n\u200b\nWhy?\n", encoding="utf-8")
    found = list(read_sentences([tmp_path / "a.txt"]))
    assert [s.words for s in found] == [["He", "swims", "."], ["She", "runs", "."], ["Why", "?"]]
    assert [s.size_bytes for s in found] == [20, 0, 5]
    assert [s.document for s in found] == [1, 1, 2]


def test_tokens_stand_at_their_characters_of_the_record_and_files_and_records_begin_documents(tmp_path):
    texts = ["One  two.\nThree\n\nfour. Five", "six"]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in texts))
    (tmp_path / "b.txt").write_text("seven")
    for pretokenized in (False, True):
        found = list(read_sentences([tmp_path / "a.jsonl", tmp_path / "b.txt"], TextOptions(pretokenized, "body")))
        for sentence in found[:-2]:
            assert all(texts[0][t.start : t.end] == t.text for t in sentence.tokens)
        assert [s.document for s in found] == [1] * (len(found) - 2) + [2, 3]
        assert [s.file.name for s in found[-2:]] == ["a.jsonl", "b.txt"]
        assert [s.line for s in found[-2:]] == [2, 1]
