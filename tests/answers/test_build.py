"""A knowledge base is built whole or not at all; a later build does only what changed, and equals a whole one bit for bit."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

import elmo.answers.build as build
import elmo.answers.kb_models as kb_models
from conftest import small_model
from elmo.answers import KnowledgeBase, build_kb
from elmo.answers.build import AT_ONCE
from elmo.checkpoints.formats.native import save_native
from elmo.errors import CheckpointError, ConfigError, OutputError, TextError
from elmo.text.passages.passages import PassageSettings

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

GUIDE = "# Opening hours\n\nThe bank opens at nine. It closes at five.\n\n# Cards\n\nIf you lose your card, call us at once.\n"
PAGE = "<html><body><h1>Loans</h1><p>A loan of over 10&nbsp;000 &euro; needs <b>two</b> signatures.</p></body></html>"
FAQ = 'question,answer\nHow do I open an account?,"Come with your ""passport"" to any branch."\nWhat is free?,Transfers.\n'


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(scale=1.5), tmp_path / "model")
    (tmp_path / "docs" / "more").mkdir(parents=True)
    (tmp_path / "docs" / "guide.md").write_text(GUIDE)
    (tmp_path / "docs" / "more" / "loans.html").write_text(PAGE)
    (tmp_path / "docs" / "faq.csv").write_text(FAQ)
    (tmp_path / "docs" / "notes.txt").write_text("The river runs by the town.\n\nMoney lies in the bank.\n")
    (tmp_path / "docs" / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "docs" / ".hidden.txt").write_text("secret")
    return tmp_path


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def built(folder="kb", *paths, **settings):
    return build_kb(paths or ["docs"], folder, model="model", **settings)


def test_what_is_built_is_counted_and_named(there):
    done = built()
    assert done == ("kb", 4, 4, 2, 4, 0)
    assert repr(KnowledgeBase.load("kb")) == "KnowledgeBase('kb': 4 sources, 4 passages, 2 stored answers)"
    assert not any(path.name.startswith(".elmo") or path.name == "parts" for path in (there / "kb").rglob("*"))


def test_a_later_build_reads_only_what_changed_and_equals_a_whole_one(there, monkeypatch):
    built()
    os.utime("docs/guide.md")  # another time, the same content
    (there / "docs" / "notes.txt").write_text("Everything is different now.\n")
    (there / "docs" / "another.txt").write_text("A new file about boats.\n")
    (there / "docs" / "more" / "loans.html").unlink()
    read = []
    with monkeypatch.context() as patch:
        patch.setattr(build, "read_entries", lambda *a: read.append(a[0].name) or kb_entries(*a))
        done = build_kb(["docs"], "kb")  # the model is that of the knowledge base
    assert set(read) == {"notes.txt", "another.txt"}
    assert (done.sources, done.new_sources, done.kept_sources) == (4, 2, 2)
    built("whole")
    assert contents(there / "kb") == contents(there / "whole")
    before = contents(there / "kb")
    assert build_kb(["docs"], "kb").new_sources == 0
    assert contents(there / "kb") == before


kb_entries = build.read_entries


def test_the_order_of_the_paths_does_not_matter(there):
    built("kb", "docs/notes.txt", "docs", "docs/guide.md")
    built("other", "docs")
    assert contents(there / "kb") == contents(there / "other")


@pytest.mark.parametrize("over", [False, True])
def test_a_build_that_was_broken_off_goes_on(there, monkeypatch, over):
    """`over`: it was to replace a knowledge base, which answers meanwhile."""
    if over:
        built()
    before = contents(there / "kb") if over else None
    rows = "".join(f'{{"question": "Where is boat {n} ?", "answer": "At bank {n}."}}\n' for n in range(2 * AT_ONCE + 9))
    (there / "docs" / "many.jsonl").write_text(rows)
    calls = []

    def embedded(*given):
        calls.append(len(given[1]))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return kb_models.embed_words(*given)

    with monkeypatch.context() as patch:
        patch.setattr(build, "embed_words", embedded)
        with pytest.raises(KeyboardInterrupt):
            built()
    if over:
        assert {name: content for name, content in contents(there / "kb").items() if "next/" not in name} == before
        assert KnowledgeBase.load("kb")("When does the bank open?").answer == "The bank opens at nine."
    else:
        with pytest.raises(CheckpointError, match="no such file; give the folder of a knowledge base"):
            KnowledgeBase.load("kb")
        with pytest.raises(OutputError, match="kb: a build with other settings was stopped there"):
            built(stem=False)
    calls.clear()
    with monkeypatch.context() as patch:
        patch.setattr(build, "embed_words", lambda *given: calls.append(len(given[1])) or kb_models.embed_words(*given))
        built()
    assert AT_ONCE not in calls[:1] or len(calls) < 3 + 4 * (not over)
    built("whole")
    assert contents(there / "kb") == contents(there / "whole")


@pytest.mark.slow
def test_killed_at_any_moment_a_build_goes_on(there):
    lines = "".join(
        f'{{"question": "Where is boat {n} ?", "answer": "At bank {n}, of course."}}\n' for n in range(3000)
    )
    (there / "docs" / "many.jsonl").write_text(lines)
    code = "from elmo.answers import build_kb; build_kb(['docs'], 'kb', model='model')"
    rng = random.Random(1)
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code])
        time.sleep(1.5 + 3 * rng.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
    built()
    built("whole")
    assert contents(there / "kb") == contents(there / "whole")


def test_other_settings_are_refused_and_built_with_force(there):
    built()
    before = contents(there / "kb")
    for change, name in (({"stem": False}, "stem"), ({"layers": "mean"}, "layers"), ({"language": "de"}, "language")):
        with pytest.raises(OutputError, match=f"kb was built with other settings: {name} .*--force to build it anew"):
            built(**change)
    with pytest.raises(OutputError, match="other settings: model"):
        build_kb(["docs"], "kb", model="en")
    assert contents(there / "kb") == before
    built(stem=False, passages=PassageSettings(longest=9, shortest=0), force=True)
    assert KnowledgeBase.load("kb").file.settings.stem is False


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", ("Où est la banque à côté de la rivière ? " * 20).encode("latin-1"), "x.txt: not UTF-8 .*iconv"),
        ("x.html", b"<p>" + b"word " * (50 * 2**18), "x.html: over 16 MiB, the limit for one file of this kind"),
        ("x.csv", b"text,label\na,b\n", "x.csv, line 2: no question 'question' among 'text', 'label'"),
        ("x.jsonl", b'{"question": "a", "answer": "b"', "x.jsonl, line 1: not JSON"),
        ("x.md", b"\x89PNG\r\n\x1a\n", "x.md: a picture"),
    ],
)
@pytest.mark.parametrize("over", [False, True])
def test_a_file_that_cannot_be_read_leaves_nothing_behind(there, name, content, message, over):
    if over:
        built()
    before = contents(there / "kb")
    (there / "docs" / name).write_bytes(content)
    with pytest.raises(TextError, match=message):
        built()
    assert contents(there / "kb") == before
    assert (there / "kb").exists() == over


def test_folders_without_text_and_impossible_settings(there):
    (there / "empty").mkdir()
    (there / "blank.txt").write_text(" \n\n")
    with pytest.raises(TextError, match=r"empty: no file to read .txt, md, html, csv"):
        built("kb", "empty")
    with pytest.raises(TextError, match=r"blank.txt: no text to answer from"):
        built("kb", "blank.txt")
    with pytest.raises(TextError, match="nowhere: no such file"):
        built("kb", "nowhere")
    with pytest.raises(ConfigError, match="language 'xx'; there are auto, en"):
        built(language="xx")
    with pytest.raises(ConfigError, match="several vectors a passage"):
        built(layers="all")
    with pytest.raises(ConfigError, match="layer"):
        built(layers=7)
    with pytest.raises(CheckpointError, match="nomodel"):
        build_kb(["docs"], "kb", model="nomodel")
    assert not (there / "kb").exists()


def test_a_folder_of_other_things_is_left_alone(there):
    with pytest.raises(OutputError, match="docs"):
        built("docs")
    built()
    (there / "kb" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"kb also contains mine.txt"):
        built()
    assert (there / "kb" / "mine.txt").read_text() == "mine"


def test_a_knowledge_base_among_the_files_is_passed_over(there):
    built("docs/kb", "docs")
    assert built("docs/kb", "docs").sources == 4
    shutil.copytree("docs/kb", "docs/more/other")
    assert built("docs/kb", "docs").sources == 4
