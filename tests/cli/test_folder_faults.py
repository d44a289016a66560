"""What several processes, kills and --force did to folders: through the command line alone, for older commits too."""

import fcntl
import gzip
import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

SIZES = ["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "batch_size=4"]
SET = [part for setting in SIZES for part in ("--set", setting)]
LINES = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank .\n" * 4
FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 2]


@pytest.fixture
def files(tmp_path, monkeypatch):
    rows = [{"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends", "the") * 4]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "text.txt").write_text(LINES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELMO_CACHE", str(tmp_path / "cache"))
    return tmp_path


def train(*more, epochs=1):
    how = ["train", "--task", "classify", "--train", "a.jsonl", "--dev", "a.jsonl", "--baseline"]
    return [*how, *SET, "--set", f"epochs={epochs}", *more]


def content_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refused(ran):
    *before, last = ran.err.strip().splitlines()  # before it, what a training read
    assert (ran.status, last[:6]) == (2, "elmo: "), ran.err
    assert not [line for line in before if line.startswith("elmo: ")], ran.err
    return ran.err


def test_a_task_that_another_process_trains_is_not_replaced(files, run_elmo):
    """B2."""
    assert run_elmo(*train("-o", "t")).status == 0
    before = content_of(files / "t")
    handle = os.open(files / "t", os.O_RDONLY)  # as a training holds it
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert "another process" in refused(run_elmo(*train("-o", "t", "--force")))
        assert content_of(files / "t") == before
    finally:
        os.close(handle)
    assert run_elmo(*train("-o", "t", "--force")).status == 0


def test_of_two_trainings_in_one_folder_the_second_is_refused(files):
    """B2."""
    command = [sys.executable, "-m", "elmo", *train("-o", "t", epochs=30)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate()[1] for process in both]
    statuses = [process.returncode for process in both]
    assert sorted(statuses) == [0, 2], errors
    loser = errors[statuses.index(2)]
    assert "another process" in loser or "exists already" in loser
    assert sorted(path.name for path in files.iterdir()) == ["a.jsonl", "t", "text.txt"]


@pytest.mark.parametrize("other", ["thesis.tex", "elmo/thesis.tex", "data/a.jsonl"])
def test_force_never_removes_a_folder_with_other_things(files, run_elmo, other):
    """B4."""
    assert run_elmo(*train("-o", "t")).status == 0
    (files / "t" / other).parent.mkdir(exist_ok=True)
    (files / "t" / other).write_text("years of work")
    assert other in refused(run_elmo(*train("-o", "t", "--force")))
    assert (files / "t" / other).read_text() == "years of work"


@pytest.mark.parametrize("command", ["change", "demo", "neighbours", "train --seeds"])
def test_no_command_with_a_folder_removes_other_things(files, run_elmo, command):
    """B4."""
    pytest.importorskip("usearch" if command == "neighbours" else "numpy")
    run_elmo("pretrain", "--corpus", "text.txt", "-o", "m", *FAST)
    arguments = {
        "change": ["change", "m", "text.txt", "text.txt", "--min-count", 2, "--permutations", 10, "-o", "out"],
        "demo": ["demo", "-m", "m", "-o", "out"],
        "neighbours": ["neighbours", "m", "text.txt", "The [bank]", "--index", "out"],
        "train --seeds": train("--seeds", 2, "-o", "out"),
    }[command]
    ran = run_elmo(*arguments)
    assert ran.status == 0, ran.err
    assert run_elmo(*arguments, "--force").status == 0
    (files / "out" / "thesis.tex").write_text("years of work")
    assert "thesis.tex" in refused(run_elmo(*arguments, "--force"))
    assert (files / "out" / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize(
    "arguments",
    [
        ["tokenize", "text.txt", "-o", "text.txt", "--force"],
        ["tokenize", "text.txt", "-o", "link.txt", "--force"],
        ["perplexity", "m", "text.txt", "--by-document", "text.txt", "--force"],
        ["to-static", "m", "text.txt", "--min-count", "2", "-o", "text.txt", "--force"],
        ["embed", "text.npz", "-m", "m", "-o", "text.npz", "--force"],
    ],
)
def test_what_a_command_reads_is_not_what_it_writes(files, run_elmo, arguments):
    """B4."""
    run_elmo("pretrain", "--corpus", "text.txt", "-o", "m", *FAST)
    (files / "link.txt").symlink_to("text.txt")
    (files / "text.npz").write_text(LINES)
    assert "give another name" in refused(run_elmo(*arguments))
    assert (files / "text.txt").read_text() == (files / "text.npz").read_text() == LINES


def test_a_killed_replacement_of_a_folder_leaves_one_of_both(files, run_elmo):
    """B14."""
    run_elmo("pretrain", "--corpus", "text.txt", "-o", "m", *FAST)
    assert run_elmo("convert", "m", "c", "--to", "allennlp").status == 0
    killed_between_renames = """
import os, signal, sys
from elmo.cli.main import main
real = os.replace
def replace(source, target, **more):
    real(source, target, **more)
    if os.path.basename(str(source)) == "c":
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace
sys.argv = ["elmo", "convert", "m", "c", "--to", "allennlp", "--force"]
main()
"""
    subprocess.run([sys.executable, "-c", killed_between_renames], capture_output=True)
    assert (files / "c").is_dir()
    assert run_elmo("info", "c").status == 0


def test_parts_of_killed_processes_go_with_the_next_save(files, run_elmo):
    """B14."""
    (files / ".elmo-part-0123456789abcdef").mkdir()
    (files / ".elmo-part-0123456789abcdef" / "part").write_text("half a model")
    assert run_elmo("tokenize", "text.txt", "-o", "tokens.txt").status == 0
    assert not (files / ".elmo-part-0123456789abcdef").exists()


def test_labels_and_names_that_cannot_be_saved_are_refused_before_training(files, run_elmo):
    """B3."""
    rows = [{"text": f"{a} the bank", "label": f"{a}\ud800"} for a in ("money", "river") * 6]
    (files / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    message = refused(run_elmo(*train("-o", "t")))
    assert "label" in message
    assert not (files / "t").exists()


def test_a_file_may_have_any_name_or_is_refused_before_training(files, run_elmo):
    """B3."""
    name = os.fsdecode(b"caf\xe9.jsonl")
    (files / "a.jsonl").rename(files / name)
    ran = run_elmo("train", "--task", "classify", "--train", name, "--dev", name, "--baseline", *SET, "-o", "t")
    if ran.status == 2:
        assert len(ran.err.strip().splitlines()) == 1
        assert not (files / "t").exists()
    else:
        assert ran.status == 0
        assert (files / "t" / "config.json").exists()
    text = os.fsdecode(b"caf\xe9.txt")
    (files / "text.txt").rename(files / text)
    ran = run_elmo("pretrain", "--corpus", text, "-o", "m", *FAST)
    assert ran.status == 0, ran.err
    assert run_elmo("info", "m").status == 0
    assert run_elmo("embed", text, "-m", "m", "-o", "v.npz").status == 0
    with gzip.open(files / os.fsdecode(b"\xff.txt.gz"), "wt") as file:
        file.write(LINES)
    assert run_elmo("doctor", os.fsdecode(b"\xff.txt.gz"), "--json").status == 0
