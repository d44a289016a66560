"""The live line: what it says, where, and how long it thinks the rest takes."""

import os
from dataclasses import replace

import pytest

from elmo.cli.pretraining.live_line import LiveLine, progress_text, seconds_to_go
from elmo.train.perplexity import Perplexity
from elmo.train.run_log import Report

LINE = Report(
    step=100,
    n_steps=1100,
    epoch=2,
    loss_nats=3.25,
    gradient_norm=1.0,
    learning_rate=0.1,
    tokens_per_s=4321.0,
    seconds=1000.0,
)
HELDOUT = Perplexity(forward_nats=4.0, backward_nats=5.0, tokens=1, unknown=0, spelling_bits=0)  # 54.6, 148.4


@pytest.fixture
def clock(monkeypatch):
    """The seconds that `time.monotonic` returns; a test sets them."""
    now = [0.0]
    monkeypatch.setattr("elmo.cli.pretraining.live_line.time.monotonic", lambda: now[0])
    return now


def test_the_line_tells_all_that_is_known():
    text = progress_text(LINE, HELDOUT, 5400.0, None)
    assert text == (
        "step 100/1,100 (9 %)  epoch 2  loss 3.250  held-out 54.6 forward, 148.4 backward  4,321 tokens/s  1 h 30 min to go"
    )
    assert "held-out" not in progress_text(LINE, None, 5400.0, None)
    taught = replace(LINE, terms={"teacher_distance": 0.71, "similarity_difference": 0.034, "language_model_nats": 4.4})
    assert "loss 3.250 (distance 0.710, similarity 0.034, nats 4.400)  4," in progress_text(taught, None, 5400.0, None)
    assert len(progress_text(taught, None, 5400.0, None, 79)) < 80


def test_the_line_is_short_on_a_narrow_terminal():
    long = replace(LINE, step=123_456, n_steps=234_567)
    short = progress_text(long, HELDOUT, 5400.0, None, 79)
    assert short == "step 123,456 (52 %)  loss 3.250  ppl 54.6/148.4  4,321 tok/s  1 h 30 min left"
    assert len(short) < 80
    assert progress_text(LINE, HELDOUT, 5400.0, 600.0, 79) == (
        "step 100 (9 %)  loss 3.250  ppl 54.6/148.4  4,321 tok/s  stops in 10 min"
    )
    assert progress_text(LINE, None, 60.0, None, 79).startswith("step 100/1,100")
    longer = replace(LINE, step=12_345_678, n_steps=23_456_789)
    early = Perplexity(forward_nats=11.0, backward_nats=11.5, tokens=1, unknown=0, spelling_bits=0)
    assert progress_text(longer, early, 5400.0, None, 79) == (
        "step 12,345,678 (52 %)  loss 3.250  ppl 59874.1/98715.8  1 h 30 min left"
    )
    assert (
        progress_text(longer, early, 5400.0, None, 60) == "step 12,345,678 (52 %)  ppl 59874.1/98715.8  1 h 30 min left"
    )


def test_a_session_that_ends_before_the_run_says_when():
    assert progress_text(LINE, None, 5400.0, 600.0).endswith("  stops in 10 min (--max-minutes), 1 h 30 min to the end")
    assert progress_text(LINE, None, 540.0, 600.0).endswith("  9 min to go")


def test_the_time_to_go_is_by_recent_speed():
    assert seconds_to_go(LINE, [(90, 980.0), (100, 1000.0)]) == 2000  # 2 s a step of late, 10 s in the mean
    assert seconds_to_go(LINE, [(100, 1000.0)]) == 10_000


def test_speed_is_forgotten_after_some_minutes(clock, capsys):
    live = LiveLine()
    for step, seconds in ((1, 1000.0), (2, 2000.0), (1002, 2100.0), (2002, 2200.0), (3002, 2300.0), (4002, 2400.0)):
        clock[0] += 1000
        live.show(replace(LINE, step=step, n_steps=40_002, seconds=seconds))
    assert capsys.readouterr().err.splitlines()[-1].endswith("  1 h 0 min to go")  # 36,000 steps at 10 a second


def test_in_a_pipe_a_line_is_printed_at_most_every_half_minute_but_evaluations_always(clock, capsys):
    live = LiveLine()
    for second in range(0, 100, 10):
        clock[0] = second
        live.show(replace(LINE, step=100 + second, heldout=HELDOUT if second == 40 else None))
    shown = [int(line.split()[1].split("/")[0]) for line in capsys.readouterr().err.splitlines()]
    assert shown == [100, 130, 140, 170]


def test_on_a_terminal_the_line_is_replaced_and_cut_to_its_width(clock, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((90, 24)))
    live = LiveLine()
    live.show(replace(LINE, heldout=HELDOUT))
    live.show(LINE)
    evaluated, replaced = capsys.readouterr().err.split("\n")
    assert evaluated.startswith("\r\x1b[2Kstep 100 ")
    assert "ppl 54.6/148.4" in evaluated
    assert replaced == "\r\x1b[2K" + progress_text(LINE, HELDOUT, 0, None, 89)
    assert len(replaced) < 4 + 90
