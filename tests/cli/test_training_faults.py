"""Signals and `kill -9` at random moments of a training run, of one process and of two."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import SMALL, TEXT
from elmo.checkpoints.load import load_model
from elmo.train.run_state import BEST, checkpoints_of

pytestmark = pytest.mark.slow

N_STEPS = 60
SETTINGS = {
    "bilm": SMALL.model_dump(mode="json"),
    "rows": 4,
    "window": 7,
    "n_negatives": 6,
    "log_every": 1,
    "evaluate_every": 7,
    "dropout": 0.1,
    "epochs": 1000,
    "checkpoint_minutes": 1e-9,
}
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
KILL_AGAIN_AND_AGAIN = """
import os, random, signal, sys, time, warnings
from pathlib import Path
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.train.run_state import BEST, checkpoints_of

run, n_kills, random = Path(sys.argv[1]), 0, random.Random(int(sys.argv[2]))
checkpoints = run / "checkpoints"
while n_kills < 40 and not (run / "model.safetensors").exists():
    child = os.fork()
    if child == 0:
        continue_run(run)
        os._exit(0)
    patience, begun = random.uniform(0.0, 0.3), time.monotonic()
    while time.monotonic() - begun < patience or not list(checkpoints.glob(".elmo-part-*")):
        if os.waitpid(child, os.WNOHANG)[0]:  # it came to its end
            child = 0
            break
    if child:
        time.sleep(random.uniform(0.0, 0.004))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        n_kills += 1
        print("half-written" if list(checkpoints.glob(".elmo-part-*/part/*")) else "between")
    for kept in [*checkpoints_of(checkpoints), *checkpoints.glob(BEST)]:
        assert load_model(kept).softmax is not None
"""


def corpus_of(folder: Path, n_times: int) -> Path:
    (folder / "corpus.txt").write_text(TEXT * n_times)
    return folder / "corpus.txt"


def pretrain(out: Path, *arguments: object, n_ranks: int = 1) -> list[str]:
    alone = ["-m", "elmo"] if n_ranks == 1 else ["-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "elmo"]
    return [sys.executable, *alone, "pretrain", "-o", str(out), *map(str, arguments)]


def beginning(out: Path, corpus: Path, n_ranks: int = 1, **changes: object) -> list[str]:
    """The command that begins a run of N_STEPS."""
    recipe = corpus.parent / f"{out.name}.toml"
    settings = {**SETTINGS, **changes}
    bilm = settings.pop("bilm")
    inner = {f"bilm.{part}.{name}": value for part, own in bilm.items() if own for name, value in own.items()}
    lines = {**settings, **{name: value for name, value in inner.items() if value is not None}}
    recipe.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
    return pretrain(out, "--corpus", corpus, "--recipe", recipe, "--max-steps", N_STEPS, n_ranks=n_ranks)


def run_whole(command: list[str]) -> None:
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def wait_until(found, process: subprocess.Popen[str]) -> None:
    while not found() and process.poll() is None:
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()


def losses(run: Path) -> dict[int, float]:
    """The loss of each step; of a step that was trained again, the later."""
    lines = (run / "log.jsonl").read_text(encoding="ascii").splitlines()
    return {line["step"]: line["loss_nats"] for line in map(json.loads, lines)}


def weights(run: Path) -> bytes:
    return (run / "model.safetensors").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_while_the_corpus_is_read_leaves_nothing(tmp_path, number):
    corpus = corpus_of(tmp_path, 100_000)
    command = beginning(tmp_path / "run", corpus)
    moment = random.Random(number)
    for _ in range(3):
        process = start(command)
        wait_until(lambda: list(tmp_path.glob(".elmo-part-*")), process)
        time.sleep(moment.uniform(0.0, 1.5))
        process.send_signal(number)
        _, errors = process.communicate()
        assert (process.returncode, errors) == (130, "elmo: interrupted; nothing was left half-written\n")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "run.toml"]


@pytest.mark.parametrize("n_ranks", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signals_at_random_moments_of_training_lose_nothing(tmp_path, number, n_ranks):
    if (n_ranks, number) == (2, signal.SIGUSR1):
        pytest.skip("torchrun does not hand SIGUSR1 on")
    corpus = corpus_of(tmp_path, 10)
    run_whole(beginning(tmp_path / "whole", corpus, n_ranks))
    run, command = tmp_path / "run", beginning(tmp_path / "run", corpus, n_ranks)
    resume, moment, n_stopped = pretrain(run, "--resume", n_ranks=n_ranks), random.Random(number + n_ranks), 0
    for at in {1: (3, 20, 40), 2: (10, 40)}[n_ranks]:
        process = start(command)
        wait_until(lambda at=at: (run / "log.jsonl").exists() and max(losses_so_far(run), default=0) >= at, process)
        time.sleep(moment.uniform(0.0, 0.1))
        process.send_signal(number)
        _, errors = process.communicate()
        assert load_model(checkpoints_of(run / "checkpoints")[-1]).softmax is not None
        assert not list(tmp_path.rglob(".elmo-part-*"))
        if process.returncode == 0:  # the signal met the last step
            break
        n_stopped += 1
        assert re.search(r"elmo: interrupted at step \d+; saved in .*; continue with --resume -o", errors), errors
        if n_ranks == 1:
            assert process.returncode == 130
            assert "Traceback" not in errors
        command = resume
    assert n_stopped
    run_whole(resume)
    assert losses(run) == losses(tmp_path / "whole")
    assert weights(run) == weights(tmp_path / "whole")


def losses_so_far(run: Path) -> list[int]:
    """Steps in a log whose last line may be half-written."""
    lines = (run / "log.jsonl").read_text(encoding="ascii").split("\n")[:-1]
    return [json.loads(line)["step"] for line in lines]


def test_two_ranks_that_are_stopped_while_the_corpus_is_read_leave_nothing(tmp_path):
    corpus = corpus_of(tmp_path, 100_000)
    process = start(beginning(tmp_path / "run", corpus, n_ranks=2))
    wait_until(lambda: list(tmp_path.glob(".elmo-part-*")), process)
    time.sleep(0.5)
    process.terminate()
    process.communicate()
    assert process.returncode != 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "run.toml"]


def test_kill_9_while_checkpoints_are_written_again_and_again_loses_nothing(tmp_path):
    corpus = corpus_of(tmp_path, 10)
    run_whole(beginning(tmp_path / "whole", corpus))
    run = tmp_path / "run"
    process = start(beginning(run, corpus))
    wait_until(lambda: checkpoints_of(run / "checkpoints"), process)
    process.kill()
    process.communicate()
    killer = [sys.executable, "-c", KILL_AGAIN_AND_AGAIN, str(run), "1"]
    done = subprocess.run(killer, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split().count("half-written") >= 3, done.stdout
    run_whole(pretrain(run, "--resume"))
    assert losses(run) == losses(tmp_path / "whole")
    assert weights(run) == weights(tmp_path / "whole")
    assert weights(run / "checkpoints" / BEST) == weights(tmp_path / "whole" / "checkpoints" / BEST)
    assert not list(run.rglob(".elmo-part-*"))
