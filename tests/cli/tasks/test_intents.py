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


def test_predictions_say_what_is_in_scope_and_why(files, run_elmo):
    texts = {"book": "fly to oslo", "hours": "when open", "pay": "my money please"}
    rows = [{"text": f"{text} {i}", "label": label} for i in range(40) for label, text in texts.items()]
    (files / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run_elmo(*train("a.jsonl", "--set", "scope.keep=0.9"))
    assert done.status == 0, done.err
    assert {"scope_threshold", "min_score"} <= set(json.loads(done.out))
    (files / "q.txt").write_text("fly to oslo 3\nwho won the match\n")
    found = [json.loads(line) for line in run_elmo("predict", "t", "q.txt", "--json").out.splitlines()]
    for one in found:
        assert {"in_scope", "scope_score", "scope_features", "nearest", "surprising"} <= set(one)
        assert one["in_scope"] == ("label" in one)
        assert set(one["nearest"][0]) == {"text", "label", "cosine"}
    assert found[0]["nearest"][0]["label"] == "book"
    shown = run_elmo("predict", "t", "q.txt").out.splitlines()
    assert [line.startswith("-") for line in shown] == [not one["in_scope"] for one in found]
    scores = json.loads(run_elmo("evaluate", "t", "a.jsonl", "--json").out)
    assert scores["in_scope_told"] > 80
    assert run_elmo(*train("a.jsonl", "--force")).status == 0  # the files of a scope are the command's own
    assert not (files / "t" / "scope.json").exists()


def test_a_scope_that_cannot_be_fitted_is_refused_before_the_training(files, run_elmo):
    done = run_elmo(*train("app.json", "--set", "scope.keep=0.95"))
    assert (done.status, done.out) == (2, "")
    assert "a scope of 2 labels needs at least 20 examples out of scope" in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (files / "t").exists()


@pytest.mark.parametrize("file", ["empty", "cut.zip", "stories.yml"])
def test_what_is_no_export_is_refused_in_one_sentence(files, run_elmo, file):
    (files / "empty").mkdir()
    (files / "cut.zip").write_bytes((files / "agent.zip").read_bytes()[:200])
    (files / "stories.yml").write_text("stories: []\n")
    done = run_elmo(*train(file))
    assert (done.status, done.out) == (2, "")
    assert len(done.err.strip().splitlines()) == 1
    assert not (files / "t").exists()
