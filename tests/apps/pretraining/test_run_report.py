"""The report page: facts and curves of a run in one file that nothing can break."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import torch

from elmo.apps.pretraining.pretrain import continue_run
from elmo.apps.pretraining.run_report import report_run, write_page
from elmo.errors import OutputError, TrainingError
from elmo.train.perplexity import Perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.run_log import Report
from elmo.train.runs.begin import start_run
from elmo.train.runs.durations import duration_text
from elmo.train.runs.record import append_begin, append_end, append_report, read_run
from elmo.train.runs.summary import perplexity_text

EVIL = '<script>alert("x")</script>&.txt'
LINE = Report(
    step=5, n_steps=50, epoch=0, loss_nats=2.5, gradient_norm=1.0, learning_rate=0.1, tokens_per_s=10.0, seconds=300.0
)
HELDOUT = Perplexity(forward_nats=4.0, backward_nats=5.0, tokens=1, unknown=0, spelling_bits=0)  # 54.60, 148.4


class Page(HTMLParser):
    """Which elements a page has, what they ask for, whether each that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.open, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "style", "onload")]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def run(tmp_path):
    """A run that was killed at step 10 and goes on from step 8."""
    folder = tmp_path / EVIL.replace("/", "|")
    folder.mkdir()
    recipe = pretrain_config({"size": "small"}, ["rows=3", "bilm.lstm.cell_clip=none"]).model_dump(mode="json")
    settings = {"recipe": recipe, "corpus": [EVIL, "two.txt"], "tokens": 12345, "sentences": 678, "heldout_file": EVIL}
    (folder / "run.json").write_text(json.dumps(settings))
    append_begin(folder, None)
    append_report(folder, LINE)
    append_report(folder, replace(LINE, step=10))
    append_begin(folder, "step-000000008")
    append_report(folder, replace(LINE, step=10, loss_nats=2.0, heldout=HELDOUT))
    append_report(folder, replace(LINE, step=15, seconds=4000.0, heldout=HELDOUT))
    return folder


def test_a_page_tells_the_facts_draws_the_curves_and_asks_for_nothing(run):
    text = write_page(read_run(run))
    page = Page(text)
    assert page.open == []
    assert (page.tags.count("svg"), "script" in page.tags, page.links) == (5, False, [])
    assert "url(" not in text
    assert "http" not in text
    for shown in ("12,345", "two.txt", "small", "54.60", "148.4", "15 of 50 (30 %)", "1 h 7 min", "adam", EVIL):
        assert shown in page.text, shown
    for row in ("<th>rows</th><td>3</td>", "<th>bilm.lstm.cell_clip</th><td>None</td>"):
        assert row in text
    assert "optimizer.clip_norm" not in text  # a default


def test_the_parts_of_a_loss_have_curves_of_their_own(run):
    terms = {"teacher_distance": 0.71, "similarity_difference": 0.03, "language_model_nats": 4.4}
    for step in (16, 20):
        append_report(run, replace(LINE, step=step, terms=terms))
    page = Page(write_page(read_run(run)))
    assert page.tags.count("svg") == 8
    for title in (
        "Training loss, weighted sum of its parts",
        "Squared distance from the teacher",
        "Loss of the language models",
    ):
        assert title in page.text
    assert read_run(run).curve("teacher_distance") == ([16, 20], [0.71, 0.71])


def test_a_page_tells_how_the_run_was_stopped_and_resumed(run):
    text = write_page(read_run(run))
    assert "from the start; did not end orderly" in text
    assert "from step-000000008; still running, or killed" in text
    assert text.count('class="mark"') == 5
    append_end(run, 15, "interrupted", torch.device("cpu"))
    assert re.search(r"ended \d{4}-\d\d-\d\d \d\d:\d\d UTC at step 15: interrupted", write_page(read_run(run)))


def test_the_model_in_the_folder_has_the_last_word_on_perplexity(run):
    assert "the latest" in write_page(read_run(run))
    (run / "config.json").write_text(json.dumps({"training": {"heldout_forward": 33.25, "heldout_mean": 44.125}}))
    text = write_page(read_run(run))
    assert "<b>33.25</b>forward" in text
    assert "<b>44.12</b>mean" in text
    assert "the latest" not in text


@pytest.mark.parametrize(
    "settings", ["{}", '{"recipe": 3, "corpus": []}', '{"recipe": {"bilm": {"gates": 5}, "x": [1]}}']
)
def test_a_run_of_another_version_or_without_a_log_has_a_page_too(tmp_path, settings):
    (tmp_path / "run.json").write_text(settings)
    text = write_page(read_run(tmp_path))
    assert Page(text).open == []
    assert "No report has been logged yet" in text
    (tmp_path / "log.jsonl").write_text('{"step": 5, "heldout_forward": Infinity, "loss_nats": null}\n')
    assert Page(write_page(read_run(tmp_path))).open == []


def test_pretraining_ends_with_a_page_and_report_writes_another(run_elmo, tmp_path, corpus_file):
    settings = ["bilm.lstm.cell_size=16", "bilm.lstm.projection_size=8", "rows=2", "log_every=1"]
    start_run([corpus_file], tmp_path / "run", pretrain_config({}, settings), max_steps=2)
    continue_run(tmp_path / "run")
    page = (tmp_path / "run" / "report.html").read_text()
    assert page.count("<svg") == 4  # nothing was evaluated on the way
    assert "2 of 2 (100 %)" in page
    assert "all steps done" in page
    ran = run_elmo("report", tmp_path / "run", "-o", tmp_path / "page.html", "--json")
    assert json.loads(ran.out) == {"report": str(tmp_path / "page.html"), "step": 2}
    assert (tmp_path / "page.html").read_text() == page


def test_a_page_is_not_written_over_another_file_unless_forced(run, tmp_path):
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(OutputError, match=r"page\.html exists already"):
        report_run(run, tmp_path / "page.html")
    assert report_run(run, tmp_path / "page.html", force=True)["heldout_forward"] == pytest.approx(54.598, abs=1e-3)
    with pytest.raises(TrainingError, match=r"run\.json: no such file"):
        report_run(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(35.4, "35 s"), (720, "12 min"), (3599, "1 h 0 min"), (12000, "3 h 20 min"), (190800, "2 d 5 h")],
)
def test_a_time_is_reported_as_people_tell_it(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.47, "1.470"), (86.019, "86.02"), (30_003.2, "30,003"), (float("inf"), "inf"), (None, "")]
)
def test_a_perplexity_has_four_significant_digits(value, text):
    assert perplexity_text(value) == text
