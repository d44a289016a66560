"""Questions are answered with the characters of the files, or not at all; what cannot be asked or loaded is one sentence."""

import json
import re
import shutil
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import SMALL_TASK, small_model
from elmo import tasks
from elmo.answers import KnowledgeBase, build_kb, read_source
from elmo.answers.source_files import read_entries
from elmo.checkpoints.formats.native import save_native
from elmo.errors import CheckpointError, ConfigError, TextError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*of this text"),
    pytest.mark.filterwarnings("ignore:.*answers (do not begin|begin or end inside a token)"),
    pytest.mark.filterwarnings("ignore:the task has learned nothing"),
]

GUIDE = """# Opening hours

The bank opens at nine. It
closes at five.

# Cards

If you lose your card, call us at once.
"""
FAQ = """question,answer
How do I open an account?,"Come with your ""passport"" to any branch."
What is free?,Transfers.
"""
FILES = {
    "guide.md": GUIDE,
    "loans.html": "<html><h1>Loans</h1><p>A loan of over 10&nbsp;000 &euro; needs <b>two</b> signatures.</p></html>",
    "faq.csv": FAQ,
    "more.jsonl": '{"question": "Is there parking?", "answer": "Yes, \\"behind\\" the house."}\n',
    "zh.txt": "图书馆星期天关门。\n\n借书需要借书证。\n",
}


@pytest.fixture
def kb(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(scale=1.5), tmp_path / "model")
    (tmp_path / "docs").mkdir()
    for name, text in FILES.items():
        (tmp_path / "docs" / name).write_text(text, encoding="utf-8")
    build_kb(["docs"], "kb", model="model")
    return KnowledgeBase.load("kb")


@pytest.mark.parametrize(
    ("question", "kind", "file", "answer", "passage"),
    [
        (
            "When does the bank open?",
            "passage",
            "guide.md",
            "The bank opens at nine.",
            "The bank opens at nine. It closes at five.",
        ),
        ("What needs two signatures?", "passage", "loans.html", "A loan of over 10 000 € needs two signatures.", None),
        (
            "how to open an account",
            "stored",
            "faq.csv",
            'Come with your "passport" to any branch.',
            "How do I open an account?",
        ),
        ("is there any parking", "stored", "more.jsonl", 'Yes, "behind" the house.', "Is there parking?"),
        ("图书馆星期天关门吗?", "passage", "zh.txt", "图书馆星期天关门。", "图书馆星期天关门。 借书需要借书证。"),
    ],
)
def test_answers_open_at_their_characters(kb, question, kind, file, answer, passage):
    found = kb(question)
    assert (found.kind, found.file, found.answer) == (kind, f"docs/{file}", answer)
    assert read_source(found.file, found.start, found.end) == answer
    assert found.passage == (passage or answer)
    assert 0.5 <= found.score <= 1
    assert list(found.facts()) == ["answer", "kind", "score", "file", "start", "end", "passage"]


def test_no_answer_has_the_score_of_none(kb):
    found = kb("Who invented the telephone on Mars?")
    assert found == (None, None, 1.0, None, None, None, None)
    half = kb("Who invented the card?")
    sure = KnowledgeBase.load("kb", min_score=0.0)("Who invented the card?")
    assert half.answer is None
    assert sure.answer == "If you lose your card, call us at once."
    assert half.score == pytest.approx(1 - sure.score)


def test_it_can_be_moved_with_its_sources_and_asked_from_anywhere(kb, tmp_path, monkeypatch):
    (tmp_path / "moved").mkdir()
    shutil.move("kb", "moved/kb")
    shutil.move("docs", "moved/docs")
    shutil.rmtree("model")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = KnowledgeBase.load(tmp_path / "moved" / "kb")("When does the bank open?")
    assert found.file == str(tmp_path / "moved" / "docs" / "guide.md")


def test_any_text_is_answered_or_refused(kb, tmp_path):
    (tmp_path / "odd.jsonl").write_text('{"question": "What is \\ud800 \\u0000?", "answer": "Half \\ud800 a pair."}\n')
    build_kb(["odd.jsonl"], "odd", model="model")
    odd = KnowledgeBase.load("odd", min_score=0.0)
    assert odd("What is half \ud800 a pair?").answer == "Half \ud800 a pair."
    for question in ("\ud800", "\x00 bank", "\u202e bank \n\n nine", "🙂", "bank" * 5000):
        for one in (kb, odd):
            with suppress(TextError):
                assert 0 <= one(question).score <= 1


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("?!", "'.!': no question; ask one in words"),
        ("", "no question"),
        ("when does the bank open " * 2000, "the question has 10,000 words, the limit is 500"),
        ("Когда открывается банк?", "the question is written in Cyrillic, the texts of kb in Latin, Han; ask in it"),
    ],
)
def test_what_cannot_be_asked(kb, question, message):
    with pytest.raises(TextError, match=message):
        kb(question)


def test_a_source_that_changed_or_is_gone(kb, tmp_path):
    guide = tmp_path / "docs" / "guide.md"
    guide.touch()
    assert kb.changed_sources() == ["docs/guide.md"]
    assert kb("When does the bank open?").answer  # only its time is another
    guide.write_text(FILES["guide.md"].replace("nine", "ten!"))
    with pytest.raises(TextError, match=r"docs/guide.md: the source of the answer has changed since .* elmo kb build"):
        kb("When does the bank open?")
    guide.unlink()
    with pytest.raises(TextError, match=r"docs/guide.md: the source of the answer is gone since"):
        kb("When does the bank open?")
    assert kb("is there any parking").answer
    assert kb.changed_sources() == ["docs/guide.md"]


def test_a_folder_that_is_cut_short_or_changed_does_not_load(kb, tmp_path):
    for file in sorted(
        path for path in (tmp_path / "kb").rglob("*") if path.is_file() and path.name != "settings.json"
    ):
        content = file.read_bytes()
        if not content or file.name == "README.md":
            continue
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises((CheckpointError, ConfigError, TextError)):
            KnowledgeBase.load("kb")
        file.unlink()
        with pytest.raises((CheckpointError, ConfigError, TextError)):
            KnowledgeBase.load("kb")
        file.write_bytes(content)
    assert KnowledgeBase.load("kb")("is there any parking").answer


def test_another_version_of_the_model_or_of_the_format(kb, tmp_path):
    shutil.rmtree("kb/elmo")
    save_native(small_model(seed=1), tmp_path / "kb" / "elmo")
    with pytest.raises(
        CheckpointError, match=r"kb: built with another version of the model 'elmo'; build it again: elmo kb"
    ):
        KnowledgeBase.load("kb")
    file = tmp_path / "kb" / "kb.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "n_passages": 3}))
    with pytest.raises(CheckpointError, match="was changed since it was written"):
        KnowledgeBase.load("kb")
    file.write_text(json.dumps({**content, "format_version": 2}))
    with pytest.raises(CheckpointError, match="format version 2, this elmo reads version 1"):
        KnowledgeBase.load("kb")
    with pytest.raises(CheckpointError, match=r"nothing.kb.json: no such file; give the folder of a knowledge base"):
        KnowledgeBase.load("nothing")


WORDS = "bank river money lends loan ten nine opens closes card town boat green".split()
PARTS = [
    "# {} {}\n\n",
    "The {} {} .\n",
    "{} {}, {} {}!\n\n",
    "- {} {}\n",
    "<p>The {}&amp;<b>{}</b> &lt;{}</p>\n",
    "{}\t {}\r\n",
]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_thousand_answers_of_random_documents_open_at_their_characters(kb, tmp_path, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    shutil.rmtree(tmp_path / "random", ignore_errors=True)
    (tmp_path / "random").mkdir()
    for name in ("a.txt", "b.md", "c.html"):
        parts = rng.choice(PARTS[:4] + PARTS[5:] if name != "c.html" else PARTS, 12)
        text = "".join(part.format(*rng.choice(WORDS, 4)) for part in parts)
        (tmp_path / "random" / name).write_bytes(text.encode())
    build_kb([tmp_path / "random"], "random-kb", model="model", force=True)
    found = KnowledgeBase.load("random-kb", min_score=0.0)
    for _ in range(70):
        answered = found(" ".join(rng.choice(WORDS, 3)))
        assert read_source(answered.file, answered.start, answered.end) == answered.answer
        assert answered.answer in answered.passage
        assert re.fullmatch(r"random/[abc]\.\w+", answered.file)


@pytest.fixture(scope="module")
def reader():
    """A task that answers `boat ?` of `Ann boat .` with `Ann`, and has no answer where there is no boat."""
    rng, examples = np.random.default_rng(0), []
    for _ in range(100):
        names = rng.permutation(["Ann", "Bo Li", "Cy"])[:2]
        things = rng.permutation(["river", "bank", "boat", "town", "money", "tree"])[:3]
        context = " ".join(f"{name} {thing} ." for name, thing in zip(names, things, strict=False))
        for i in range(3):
            answers = [{"text": str(names[i]), "answer_start": context.index(names[i])}] if i < 2 else []
            examples.append({"context": context, "question": f"{things[i]} ?", "answers": answers})
    optimizer = {**SMALL_TASK["optimizer"], "learning_rate": 0.005}
    changes = {**SMALL_TASK, "optimizer": optimizer, "dropout": 0.0, "epochs": 6, "no_answer": True}
    return tasks.train(examples, examples[:60], task="qa", model=None, **changes)


@pytest.fixture
def read(reader, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(scale=1.5), tmp_path / "model")
    (tmp_path / "docs").mkdir()
    for number, text in enumerate(["Ann boat . Cy river .", "Bo Li town . Ann bank ."]):
        (tmp_path / "docs" / f"{number}.txt").write_text(text)
    build_kb(["docs"], "kb", model="model", qa=reader)
    return KnowledgeBase.load("kb")


def test_a_task_reads_the_passages(read, reader, tmp_path):
    assert repr(read).endswith("2 passages, 0 stored answers, read by a qa task)")
    for question, answer in (("town ?", "Bo Li"), ("boat ?", "Ann"), ("bank ?", "Ann"), ("river ?", "Cy")):
        found = read(question)
        assert (found.answer, found.kind) == (answer, "span")
        assert read_source(found.file, found.start, found.end) == answer
    assert read("money ?").answer is None
    build_kb(["docs"], "kb")  # the task stays
    assert read("boat ?") == KnowledgeBase.load("kb")("boat ?")
    build_kb(["docs"], "plain", model="model")
    assert KnowledgeBase.load("plain")("boat ?").kind == "passage"
    reader.save(tmp_path / "task")
    assert KnowledgeBase.load("plain", qa=tmp_path / "task")("boat ?") == read("boat ?")


@pytest.mark.filterwarnings("ignore")
def test_a_task_of_another_kind_is_refused(read, tmp_path):
    examples = [("a fine film", "good"), ("a poor film", "bad")] * 6
    sizes = {"epochs": 1, "cell_size": 4}
    other = tasks.train(examples, examples, task="classify", model=None, **sizes)
    other.save(tmp_path / "classes")
    with pytest.raises(
        ConfigError, match="classes: a task of kind classify; a knowledge base is read by one of kind qa"
    ):
        KnowledgeBase.load("kb", qa=tmp_path / "classes")
    with pytest.raises(CheckpointError, match="nowhere"):
        KnowledgeBase.load("kb", qa=tmp_path / "nowhere")


def test_the_entries_of_a_source_are_those_that_are_stored(kb, tmp_path):
    numbers = iter(range(kb.file.n_entries))
    for source in kb.file.sources:
        path = tmp_path / "kb" / source.path
        for entry in read_entries(path, source.kind, kb.file.settings, kb.elmo.model.tokenizer):
            assert kb._store.entry(next(numbers)) == entry
    assert next(numbers, None) is None
