"""A run whose files were removed, cut short, altered or swapped: refused in a sentence, untouched, resumable once repaired."""

import shutil

import pytest

from conftest import INPUT_LAYERS, TEXT, quick_recipe
from elmo.apps.pretraining.pretrain import continue_run
from elmo.errors import ElmoError, TrainingError
from elmo.train.run_state import checkpoints_of
from elmo.train.runs.begin import start_run

LAYERS = INPUT_LAYERS["alphabet, words"][0].model_dump()
ARRAYS = ("ids", "sentences", "documents", "heldout", "words", "word_ends", "word_counts")
KEPT = [  # all that a run needs beside its checkpoints
    "run.json",
    "vocabulary.txt",
    "alphabet.json",
    "input_words.json",
    *(f"{folder}/{name}" for folder in ("corpus", "heldout") for name in ("index.json", *(f"{a}.bin" for a in ARRAYS))),
    *(f"words/{name}" for name in ("index.json", "spellings.bin", "targets.bin")),
]
DAMAGE = {
    "removed": None,
    "cut": lambda content: content[: len(content) // 2] if content else b"\0",
    "altered": lambda content: (
        content[:-40] + bytes([content[-40] ^ 1]) + content[-39:] if content[40:] else b"\1" * 40
    ),
}


def stopped_after(n_steps):
    """What ends a session there."""
    return iter([False] * (n_steps - 1) + [True] * 9).__next__


@pytest.fixture(scope="module")
def stopped_run(tmp_path_factory):
    """A run of nine steps, stopped after four, and the weights that it is to end with."""
    folder = tmp_path_factory.mktemp("stopped")
    (folder / "c.txt").write_text(TEXT * 10)
    for name in ("whole", "run"):
        start_run([folder / "c.txt"], folder / name, quick_recipe(bilm=LAYERS), max_steps=9)
    continue_run(folder / "whole")
    assert continue_run(folder / "run", stop=stopped_after(4)).progress.step == 4
    return folder / "run", (folder / "whole" / "model.safetensors").read_bytes()


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def run(tmp_path, stopped_run):
    return shutil.copytree(stopped_run[0], tmp_path / "run")


def test_every_file_of_a_run_is_among_those_that_are_damaged_here(stopped_run):
    found = {name for name in contents(stopped_run[0]) if not name.startswith("checkpoints/")}
    assert found - {"log.jsonl", "sessions.jsonl", "report.html"} == set(KEPT)


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_file_is_one_sentence_and_the_rest_stays_as_it_was(run, name, damage):
    path = run / name
    if DAMAGE[damage] is None:
        path.unlink()
    else:
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    before = contents(run)
    with pytest.raises(ElmoError) as caught:
        continue_run(run)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert str(run / name.split("/")[0]) in message
    assert any(advice in message for advice in ("restore a copy", "undo the change", "needs the folder of a run"))
    assert contents(run) == before


def test_a_repaired_run_continues_bit_for_bit(run, stopped_run):
    whole = contents(run)
    for name in KEPT:
        (run / name).unlink()
    with pytest.raises(ElmoError):
        continue_run(run)
    for name in KEPT:
        (run / name).write_bytes(whole[name])
    assert continue_run(run).finished
    assert (run / "model.safetensors").read_bytes() == stopped_run[1]


@pytest.mark.parametrize("name", ["vocabulary.txt", "alphabet.json", "input_words.json"])
def test_the_words_of_a_run_can_be_put_back_from_a_checkpoint(run, stopped_run, name):
    (run / name).unlink()
    with pytest.raises(TrainingError, match=rf"{name} is missing; restore a copy \(each checkpoint has one\)"):
        continue_run(run)
    shutil.copy(checkpoints_of(run / "checkpoints")[-1] / name, run)
    assert continue_run(run).finished
    assert (run / "model.safetensors").read_bytes() == stopped_run[1]


@pytest.mark.parametrize("swapped", ["vocabulary", "alphabet"])
def test_a_checkpoint_of_a_run_with_as_many_other_words_is_refused(tmp_path, swapped):
    old, new = ("green", "grass") if swapped == "vocabulary" else ("w", "q")
    settings = {"bilm": LAYERS} if swapped == "alphabet" else {}
    for name, text in (("a", TEXT), ("b", TEXT.replace(old, new))):
        (tmp_path / f"{name}.txt").write_text(text * 10)
        start_run([tmp_path / f"{name}.txt"], tmp_path / name, quick_recipe(**settings), max_steps=3)
    continue_run(tmp_path / "a")
    shutil.copytree(tmp_path / "a" / "checkpoints", tmp_path / "b" / "checkpoints")
    before = contents(tmp_path / "b")
    with pytest.raises(
        TrainingError, match=r"vocabulary or alphabet of this checkpoint differs from the run\.json of this run"
    ):
        continue_run(tmp_path / "b")
    after = contents(tmp_path / "b")
    assert {name: after[name] for name in before} == before
