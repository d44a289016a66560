"""`elmo train`, `evaluate` and `doctor` on the files of chatbot tools."""

import json
import shutil

import pytest

from intent_exports import LUIS, RASA, write_agent

TINY = ["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "epochs=1", "batch_size=4"]
SET = [part for setting in TINY for part in ("--set", setting)]

pytestmark = pytest.mark.filterwarnings("ignore:the task has learned nothing")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_agent(tmp_path / "agent", en=["one", "two three"], de=["eins"])
    shutil.make_archive("agent", "zip", "agent")
    (tmp_path / "nlu.yml").write_text(RASA)
    (tmp_path / "app.json").write_text(json.dumps(LUIS))
    return tmp_path


def train(file, *more):
    return [
        "train",
        "--task",
        "classify",
        "--baseline",
        "--train",
        file,
        "--dev",
        file,
        *SET,
        "-o",
        "t",
        "--json",
        *more,
    ]


@pytest.mark.parametrize(("file", "n"), [("agent", 6), ("agent.zip", 6), ("nlu.yml", 5), ("app.json", 3)])
def test_a_task_is_trained_and_scored_on_an_export(files, run_elmo, file, n):
    done = run_elmo(*train(file))
    assert done.status == 0, done.err
    assert json.loads(done.out)["examples"] == n
    assert "left out: " in done.err
    assert json.loads(run_elmo("evaluate", "t", file, "--json").out)["examples"] == n
    run = json.loads((files / "t" / "run.json").read_text())
    assert all(checksum for checksum in run["checksums"].values())


def test_doctor_shows_what_is_read(files, run_elmo):
    done = run_elmo("doctor", "nlu.yml", "--task", "classify")
    assert done.status == 0, done.err
    assert "faq/opening_hours" in done.out


def test_a_fallback_intent_is_not_learned_if_it_is_named(files, run_elmo):
    done = run_elmo(*train("agent", "--set", "out_of_scope=Default Fallback Intent", "--set", "language=en"))
    assert done.status == 0, done.err
    assert json.loads(done.out)["examples"] == 4
    scores = json.loads(run_elmo("evaluate", "t", "agent", "--json").out)
    assert {"out_of_scope_recall", "in_out_auroc"} <= set(scores)
    assert not (files / "t2").exists()
    refused = run_elmo(*train("agent", "--set", "language=fr", "--force"))
    assert refused.status == 2
    assert "only in de, en" in refused.err


@pytest.mark.parametrize("file", ["empty", "cut.zip", "stories.yml"])
def test_what_is_no_export_is_refused_in_one_sentence(files, run_elmo, file):
    (files / "empty").mkdir()
    (files / "cut.zip").write_bytes((files / "agent.zip").read_bytes()[:200])
    (files / "stories.yml").write_text("stories: []\n")
    done = run_elmo(*train(file))
    assert (done.status, done.out) == (2, "")
    assert len(done.err.strip().splitlines()) == 1
    assert not (files / "t").exists()
