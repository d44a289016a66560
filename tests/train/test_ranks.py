"""Several processes, killed and unkilled, against one that trains alone and undisturbed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import TEXT, small_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.storage.file_lock import file_lock
from elmo.train.run_state import checkpoints_of

SETTINGS = {
    "bilm.char_cnn.embedding_size": 4,
    "bilm.char_cnn.filters": [[1, 8], [2, 8], [3, 16]],
    "bilm.char_cnn.n_highway": 1,
    "bilm.char_cnn.max_characters": 20,
    "bilm.lstm.cell_size": 32,
    "bilm.lstm.projection_size": 16,
    "rows": 6,
    "window": 7,
    "epochs": 1000,
    "n_negatives": 6,
    "dropout": 0.1,
    "log_every": 1,
    "evaluate_every": 1000,
    "optimizer.learning_rate": 0.01,
    "optimizer.warmup_steps": 5,
    "checkpoint_minutes": 1e-9,
}


def command(out: Path, n_ranks: int, *arguments: str, program: str = "pretrain") -> list[str]:
    """A command of elmo by itself or under torchrun."""
    alone = [sys.executable, "-m", "elmo", program]
    together = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(n_ranks), *alone[1:]]
    return [*(alone if n_ranks == 1 else together), "-o", str(out), *arguments]


def start(folder: Path, out: str, n_ranks: int, n_steps: int, **changes: object) -> list[str]:
    """The command that starts a run."""
    (folder / "corpus.txt").write_text(TEXT * 40, encoding="utf-8")
    recipe = folder / "recipe.toml"
    settings = {**SETTINGS, **changes}
    recipe.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()), encoding="utf-8")
    arguments = ["--corpus", str(folder / "corpus.txt"), "--recipe", str(recipe), "--max-steps", str(n_steps)]
    return command(folder / out, n_ranks, *arguments)


def environment() -> dict[str, str]:
    """One thread a process: what is compared bit for bit has the same number of threads."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def losses(run: Path) -> dict[int, float]:
    """The loss of each step; of a step that was trained again, the later."""
    lines = (run / "log.jsonl").read_text(encoding="ascii").splitlines()
    return {line["step"]: line["loss_nats"] for line in map(json.loads, lines)}


def run_whole(arguments: list[str]) -> None:
    done = subprocess.run(arguments, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("softmax", "room"), [("sampled", 1e-6), ("adaptive", 3e-6)])
def test_two_ranks_train_what_one_trains(tmp_path, softmax, room):
    for n_ranks in (1, 2):
        run_whole(start(tmp_path, f"ranks{n_ranks}", n_ranks, 50, checkpoint_minutes=60, softmax=softmax))
    one, two = losses(tmp_path / "ranks1"), losses(tmp_path / "ranks2")
    assert sorted(one) == sorted(two) == list(range(1, 51))
    assert [two[step] for step in one] == pytest.approx([one[step] for step in one], rel=1e-6)
    models = [load_model(tmp_path / f"ranks{n}") for n in (1, 2)]
    for a, b in zip(*([*m.bilm.parameters(), *m.softmax.parameters()] for m in models), strict=True):
        assert (a - b).norm() <= room * a.norm()  # sums in another order, made larger by Adam


def kill_all(process: subprocess.Popen) -> None:
    """SIGKILL to a process and all that it started, at once, as a power cut would."""
    processes = [process.pid]
    for pid in processes:
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(status.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    processes.append(int(status.parent.name))
            except (OSError, ValueError):
                continue  # it has ended meanwhile
    for pid in processes:
        os.kill(pid, signal.SIGKILL)


def run_killed(arguments: list[str], resume: list[str], run: Path, n_steps: int, seed: int) -> int:
    """Run to the end though killed by SIGKILL at three random steps; how often it was."""
    n_killed = 0
    for at in sorted(random.Random(seed).sample(range(3, n_steps - 40), 3)):
        process = subprocess.Popen(arguments, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            if (
                (run / "log.jsonl").exists()
                and max(losses_so_far(run), default=0) >= at
                and checkpoints_of(run / "checkpoints")
            ):
                kill_all(process)
                n_killed += 1
                break
            time.sleep(0.01)
        process.wait()
        arguments = resume
    run_whole(resume)
    return n_killed


def losses_so_far(run: Path) -> list[int]:
    """Steps in a log whose last line may be half-written."""
    lines = (run / "log.jsonl").read_text(encoding="ascii").split("\n")[:-1]
    return [json.loads(line)["step"] for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("n_ranks", [1, 2])
def test_a_run_killed_at_three_random_steps_goes_on_bit_for_bit(tmp_path, n_ranks, precision):
    n_steps = 120
    run_whole(start(tmp_path, "whole", n_ranks, n_steps, precision=precision))
    arguments = start(tmp_path, "killed", n_ranks, n_steps, precision=precision)
    resume = command(tmp_path / "killed", n_ranks, "--resume")
    assert run_killed(arguments, resume, tmp_path / "killed", n_steps, seed=n_ranks) == 3
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]


@pytest.mark.slow
@pytest.mark.parametrize("n_ranks", [1, 2])
def test_a_run_with_a_teacher_killed_at_three_random_steps_goes_on_bit_for_bit(tmp_path, n_ranks):
    n_steps = 90
    save_native(small_model(seed=5), tmp_path / "teacher")
    (tmp_path / "names.txt").write_text("\n".join(f"{a} {b}" for a in "abcdefgh" for b in "stuvwxyz"), encoding="utf-8")
    (tmp_path / "corpus.txt").write_text(TEXT * 40, encoding="utf-8")
    # The vectors of some sentences are kept on disk, those of the others are computed each time.
    settings = {**SETTINGS, "typing_errors": 0.2, "teacher.similarity": 1, "teacher.keep_gb": 2e-4}
    (tmp_path / "recipe.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    arguments = [str(tmp_path / "teacher"), "--corpus", str(tmp_path / "corpus.txt"), "--max-steps", str(n_steps)]
    arguments += ["--teacher-text", str(tmp_path / "names.txt"), "--recipe", str(tmp_path / "recipe.toml")]
    run_whole(command(tmp_path / "whole", n_ranks, *arguments, program="distil"))
    begin = command(tmp_path / "killed", n_ranks, *arguments, program="distil")
    resume = command(tmp_path / "killed", n_ranks, "--resume", program="distil")
    assert run_killed(begin, resume, tmp_path / "killed", n_steps, seed=n_ranks) == 3
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_a_run_may_go_on_with_another_number_of_ranks(tmp_path):
    run_whole(start(tmp_path, "one", 1, 60, checkpoint_minutes=60))
    arguments = start(tmp_path, "mixed", 2, 60)
    process = subprocess.Popen(arguments, env=environment(), stderr=subprocess.DEVNULL)
    run = tmp_path / "mixed"
    while not ((run / "log.jsonl").exists() and max(losses_so_far(run), default=0) >= 20):
        assert process.poll() is None
        time.sleep(0.01)
    process.terminate()
    process.wait()
    run_whole(command(run, 1, "--resume"))
    one, mixed = losses(tmp_path / "one"), losses(run)
    assert [mixed[step] for step in one] == pytest.approx([one[step] for step in one], rel=1e-5)


@pytest.mark.slow
def test_ranks_whose_launcher_is_killed_save_and_end_and_till_then_nobody_else_writes(tmp_path):
    process = subprocess.Popen(start(tmp_path, "run", 2, 100_000), env=environment(), stderr=subprocess.DEVNULL)
    run = tmp_path / "run"
    while not ((run / "log.jsonl").exists() and max(losses_so_far(run), default=0) >= 20):
        assert process.poll() is None
        time.sleep(0.01)
    second = subprocess.run(command(run, 1, "--resume"), env=environment(), capture_output=True, text=True, check=False)
    assert second.returncode == 2
    assert "another process is writing to it" in second.stderr
    process.kill()
    process.wait()
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        with file_lock(run) as free:
            if free:
                break
        time.sleep(0.1)
    assert free
    last = json.loads((run / "sessions.jsonl").read_text().splitlines()[-1])
    assert last["why"] == "interrupted"
    assert checkpoints_of(run / "checkpoints")[-1].name == f"step-{last['step']:09d}"
