"""Odd inputs and kills of the campaign: the same for the same seed, faults are seen, and a part of it finds none."""

import random
import subprocess
import sys
import time

import pytest

from benchmarks.campaigns import mutated_inputs
from benchmarks.campaigns.mutated_inputs import Subject, run_mutations
from benchmarks.campaigns.mutations import mutate
from benchmarks.record import ROOT
from elmo.errors import ElmoError

TABLE = "text,label\n" + "".join(f"film {i},{i % 2}\n" for i in range(9))


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", TABLE), ("a.jsonl", '{"a": 1}\n{"a": [2]}\n'), ("a.json", "[1, {}]")]
)
def test_a_seed_makes_the_same_change(tmp_path, name, content):
    path, made = tmp_path / name, []
    for seed in [*range(40), *range(40)]:
        path.write_text(content)
        how = mutate(path, random.Random(seed), in_folder=False)
        made.append((how, path.read_bytes()))
    assert made[:40] == made[40:]
    assert len({content for _, content in made}) > 15
    assert sum(content_ != content.encode() for _, content_ in made) > 60


def crash(path):
    raise KeyError("x")


def hang(path):
    while True:
        time.sleep(0.01)


def compute(path):
    while True:
        pass


def take_memory(path):
    bytearray(3 * 2**30)


def die(path):
    import os

    os._exit(3)


def remove(path):
    (path.parent / "thesis.tex").unlink()


def wrong(path):
    assert path is None, "read wrong"


def refuse(path):
    raise ElmoError("one sentence")


def refuse_at_length(path):
    raise ElmoError("word " * 10_000)


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (crash, "KeyError"),
        (hang, "did not end"),
        (compute, "did not end"),
        (take_memory, "MemoryError"),
        (die, "the process ended"),
        (remove, "other files"),
        (wrong, "read wrong"),
        (refuse_at_length, "characters"),
        (refuse, None),
        (str, None),
    ],
)
def test_what_is_neither_right_nor_one_sentence_is_a_fault(tmp_path, monkeypatch, read, what):
    monkeypatch.setattr(mutated_inputs, "CASE_S", 1)
    monkeypatch.setattr(mutated_inputs, "WAIT_S", 2)
    (tmp_path / "a.csv").write_text(TABLE)
    tally = run_mutations([Subject("labels", "a.csv", tmp_path / "a.csv", read)], 1)
    if what is None:
        assert dict(tally.outcomes) == {"labels refused" if read is refuse else "labels right": 1}
    else:
        ((_, subject, _, fault),) = tally.faults
        assert subject == "labels a.csv"
        assert what in fault


@pytest.mark.slow
def test_a_replay_of_the_campaign_finds_no_fault():
    sizes = ["--mutations", "1500", "--signals", "40", "--kills", "20", "--seed", "30"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.campaigns.faults", *sizes],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
