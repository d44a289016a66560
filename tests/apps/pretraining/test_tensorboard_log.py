"""Scalars for TensorBoard: one a number, no step twice."""

from dataclasses import replace

import pytest

from elmo.apps.pretraining.pretrain import continue_run
from elmo.apps.pretraining.tensorboard_log import TensorBoardLog, require_tensorboard
from elmo.errors import ConfigError
from elmo.train.perplexity import Perplexity
from elmo.train.recipe import pretrain_config
from elmo.train.run_log import Report
from elmo.train.runs.begin import start_run

LINE = Report(
    step=5, n_steps=50, epoch=0, loss_nats=2.5, gradient_norm=1.0, learning_rate=0.1, tokens_per_s=10.0, seconds=3.0
)
HELDOUT = Perplexity(forward_nats=0.0, backward_nats=0.0, tokens=1, unknown=0, spelling_bits=0)


def scalars(folder, name):
    accumulators = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs tensorboard (extra `tensorboard`)"
    )
    accumulator = accumulators.EventAccumulator(str(folder))
    accumulator.Reload()
    return [(event.step, pytest.approx(event.value)) for event in accumulator.Scalars(name)]


@pytest.fixture
def installed():
    pytest.importorskip("tensorboard", reason="needs tensorboard (extra `tensorboard`)")


@pytest.mark.usefixtures("installed")
def test_a_resumed_run_goes_on_in_the_same_folder_without_doubled_steps(tmp_path):
    with TensorBoardLog(tmp_path / "tb") as log:
        for step, loss in ((5, 5.0), (10, 4.0), (15, 3.0)):
            log.write(replace(LINE, step=step, loss_nats=loss))
    with TensorBoardLog(tmp_path / "tb") as log:  # from a checkpoint at step 8
        log.write(replace(LINE, step=10, loss_nats=3.5, heldout=HELDOUT))
    assert scalars(tmp_path / "tb", "loss_nats") == [(5, 5.0), (10, 3.5)]
    assert scalars(tmp_path / "tb", "heldout/forward") == [(10, 1.0)]


@pytest.mark.usefixtures("installed")
def test_pretraining_writes_every_report(tmp_path, corpus_file):
    settings = ["bilm.lstm.cell_size=16", "bilm.lstm.projection_size=8", "rows=2", "log_every=1"]
    start_run([corpus_file], tmp_path / "run", pretrain_config({}, settings), max_steps=3)
    continue_run(tmp_path / "run", tensorboard=True)
    assert [step for step, _ in scalars(tmp_path / "run" / "tensorboard", "tokens_per_s")] == [1, 2, 3]


def test_a_missing_package_is_reported_before_the_run_starts(run_elmo, tmp_path, corpus_file, monkeypatch):
    monkeypatch.setattr("elmo.apps.pretraining.tensorboard_log.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'elmo-lm\[tensorboard\]'"):
        require_tensorboard()
    ran = run_elmo("pretrain", "--corpus", corpus_file, "-o", tmp_path / "run", "--tensorboard")
    assert ran.status == 2
    assert (
        ran.err
        == "elmo: --tensorboard needs the package tensorboard; install it with pip install 'elmo-lm[tensorboard]'\n"
    )
    assert not (tmp_path / "run").exists()
