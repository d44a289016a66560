"""The cache of layers under other users, damage, links and disks that cannot be written; through the command line alone."""

import json
import os

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*of this text"),
    pytest.mark.filterwarnings("always:.*computed again"),
]

SIZES = ["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "batch_size=4", "epochs=1"]
SET = [part for setting in SIZES for part in ("--set", setting)]
LINES = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank .\n" * 4
FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 2]


@pytest.fixture
def place(tmp_path, monkeypatch, run_elmo):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ELMO_CACHE", raising=False)
    rows = [{"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends", "the") * 4]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "text.txt").write_text(LINES)
    assert run_elmo("pretrain", "--corpus", "text.txt", "-o", "m", *FAST).status == 0
    return tmp_path


@pytest.fixture
def run(run_elmo):
    """Run a command that may be refused, but not crash."""

    def checked(*arguments):
        crash = None
        try:
            ran = run_elmo(*arguments)
        except Exception as error:
            crash = error
        assert crash is None, arguments
        return ran

    return checked


def train(output, *more, cache="cache", file="a.jsonl"):
    files = ["--task", "classify", "--train", file, "--dev", "a.jsonl", "-m", "m", "-o", output]
    return ["train", *files, *SET, *(["--cache", cache] if cache else []), *more]


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture
def trained(place, run):
    """A task, and the file of its layers."""
    assert run(*train("one")).status == 0
    (kept,) = (place / "cache").iterdir()
    return kept


def test_a_file_that_was_changed_is_not_used(place, run, trained):
    """B13."""
    raw = bytearray(trained.read_bytes())
    raw[1::2] = bytes(byte ^ 0x04 for byte in raw[1::2])  # other numbers, as many bytes
    trained.write_bytes(raw)
    ran = run(*train("two"))
    assert ran.status == 0, ran.err
    assert weights(place / "two") == weights(place / "one")
    assert "is damaged" in ran.err
    assert "is damaged" not in run(*train("three")).err


def test_a_file_of_another_user_is_not_used_and_stays(place, run, trained):
    """B13."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser can give files to others")
    raw = bytes(byte ^ 0x04 if i % 2 else byte for i, byte in enumerate(trained.read_bytes()))
    trained.write_bytes(raw)
    os.chown(trained, 12345, 12345)
    ran = run(*train("two"))
    assert ran.status == 0, ran.err
    assert weights(place / "two") == weights(place / "one")
    assert "belongs to another user" in ran.err
    assert trained.read_bytes() == raw


@pytest.mark.parametrize("fault", ["dangling link", "link", "folder"])
def test_what_is_no_file_is_not_used(place, run, trained, fault):
    """B13."""
    raw = trained.read_bytes()
    trained.unlink()
    (place / "other").write_bytes(raw)
    if fault == "folder":
        trained.mkdir()
    else:
        trained.symlink_to(place / ("other" if fault == "link" else "nowhere"))
    ran = run(*train("two"))
    assert ran.status == 0, ran.err
    assert weights(place / "two") == weights(place / "one")
    assert "computed again" in ran.err
    assert (place / "other").read_bytes() == raw


@pytest.mark.parametrize("fault", ["read-only", "dangling link", "file"])
def test_a_cache_that_cannot_be_written_is_refused_before_a_folder_is_begun(place, run, monkeypatch, fault):
    """B13: the message names the option that helps."""
    home = place / "home"
    if fault == "read-only":
        home.mkdir(mode=0o500)
        if os.geteuid() == 0:  # who may write everywhere; a folder that nobody can write to
            home = "/proc/self"
    elif fault == "dangling link":
        home.symlink_to(place / "nowhere" / "else")
    else:
        home.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    ran = run(*train("two", cache=None))
    assert ran.status == 2, ran.err
    last = ran.err.splitlines()[-1]
    assert last.startswith("elmo: ")
    assert "--cache" in last
    assert not (place / "two").exists()
    ran = run(*train("curve", "--seeds", "1", cache=None))
    assert (ran.status, "--cache" in ran.err.splitlines()[-1]) == (2, True)
    assert not (place / "curve").exists()


@pytest.fixture
def other_texts(place):
    """Another file, so that other layers are needed."""
    (place / "b.jsonl").write_text((place / "a.jsonl").read_text().replace("lends", "buys"))
    return "b.jsonl"


def test_leftovers_of_killed_processes_are_removed(place, run, trained, other_texts):
    """B13."""
    left = place / "cache" / ".elmo-part-0123456789abcdef"
    left.mkdir()
    (left / "part").write_bytes(b"x" * 1000)
    ran = run(*train("two", file=other_texts))
    assert ran.status == 0, ran.err
    assert not left.exists()


def test_a_link_that_leads_nowhere_disturbs_nobody(place, run, trained, other_texts):
    """B13."""
    (place / "cache" / "x.layers").symlink_to("nowhere")
    ran = run(*train("two", file=other_texts))
    assert ran.status == 0, ran.err
