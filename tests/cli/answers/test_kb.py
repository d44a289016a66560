"""`elmo kb build` and `elmo answer`: JSON with the keys that are promised, one sentence for what is wrong."""

import io
import json

import pytest

from conftest import small_model
from elmo.checkpoints.formats.native import save_native

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


@pytest.fixture
def there(tmp_path, monkeypatch, run_elmo):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(scale=1.5), tmp_path / "model")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "guide.md").write_text("# Hours\n\nThe bank opens at nine. It closes at five.\n")
    (tmp_path / "docs" / "faq.csv").write_text("q;a\nIs there parking?;Yes.\n")
    ran = run_elmo("kb", "build", "docs", "-m", "model", "-o", "kb", "--json")
    assert ran.status == 0, ran.err
    return json.loads(ran.out)


def test_a_build_says_what_it_did(there, run_elmo):
    assert there == {
        "output": "kb",
        "sources": 2,
        "passages": 1,
        "stored_answers": 1,
        "new_sources": 2,
        "kept_sources": 0,
    }
    ran = run_elmo("kb", "build", "docs", "-o", "kb")
    assert "kept_sources    2" in ran.out


def test_an_answer_in_json_and_to_read(there, run_elmo):
    ran = run_elmo("answer", "kb", "When does the bank open?", "--json")
    found = json.loads(ran.out)
    assert list(found) == ["answer", "kind", "score", "file", "start", "end", "passage"]
    assert (found["answer"], found["kind"], found["file"]) == ("The bank opens at nine.", "passage", "docs/guide.md")
    assert (found["start"], found["end"]) == (9, 32)
    ran = run_elmo("answer", "kb", "When does the bank open?")
    assert ran.out.splitlines()[0] == "The bank opens at nine."
    assert ran.out.splitlines()[1].endswith("docs/guide.md: characters 9 to 32")
    ran = run_elmo("answer", "kb", "Who painted the Mona Lisa?")
    assert ran.out == "no answer (score 1.00)\n"
    ran = run_elmo("answer", "kb", "Who painted the Mona Lisa?", "--json")
    assert json.loads(ran.out)["answer"] is None
    assert run_elmo("answer", "kb", "When does the bank open?", "--min-score", 1.0, "--json").status == 0


def test_questions_of_standard_input(there, run_elmo, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Is there parking?\n\nWhen does it close?\n")))
    ran = run_elmo("answer", "kb", "-", "--json")
    assert [json.loads(line)["answer"] for line in ran.out.splitlines()] == ["Yes.", "It closes at five."]


def test_a_changed_source_is_warned_of_and_its_answers_are_refused(there, run_elmo, tmp_path):
    (tmp_path / "docs" / "guide.md").write_text("# Hours\n\nThe bank opens at ten!! It closes at five.\n")
    ran = run_elmo("answer", "kb", "Is there parking?")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "Yes.")
    assert ran.err == "elmo: warning: docs/guide.md: changed or gone since kb was built; build it again to read them\n"
    ran = run_elmo("answer", "kb", "When does the bank open?")
    assert ran.status == 2
    assert "docs/guide.md: the source of the answer has changed since the knowledge base was built" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("answer", "nothing", "Why?"), "no such file; give the folder of a knowledge base"),
        (("answer", "kb", "why " * 10_000), "the question has 10,000 words, the limit is 500"),
        (("answer", "kb", "Когда?"), "the question is written in Cyrillic"),
        (("answer", "kb", "When?", "--qa", "model"), "model: a model, not a trained task"),
        (("kb", "build", "nowhere", "-o", "other"), "nowhere: no such file"),
        (("kb", "build", "docs", "-o", "docs"), "docs"),
        (
            ("kb", "build", "docs", "-o", "kb", "--layers", "top"),
            "kb was built with other settings: layers '0', now '\"top\"'",
        ),
        (("kb", "build", "docs", "-o", "other", "--answer", "z"), "no answer 'z' among 'q', 'a'"),
        (("kb", "build", "docs", "-o", "other", "-m", "nomodel"), "nomodel"),
    ],
)
def test_what_is_wrong_is_one_sentence(there, run_elmo, tmp_path, arguments, message):
    ran = run_elmo(*arguments)
    assert ran.status == 2
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "other").exists()
