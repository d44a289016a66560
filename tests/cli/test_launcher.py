"""A `WORLD_SIZE` in the environment that no launcher set."""

import pytest

from conftest import TEXT


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"WORLD_SIZE": "2"}, "RANK, MASTER_ADDR, MASTER_PORT are not set; start with torchrun --nproc-per-node 2"),
        ({"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "localhost"}, "MASTER_PORT is not set"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE='two' in the environment is not a number"),
    ],
)
def test_a_world_size_without_a_launcher_is_refused(run_elmo, tmp_path, monkeypatch, environment, sentence):
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "corpus.txt").write_text(TEXT, encoding="utf-8")
    ran = run_elmo("pretrain", "--corpus", tmp_path / "corpus.txt", "-o", tmp_path / "run")
    assert ran.status == 2
    assert sentence in ran.err
    assert not (tmp_path / "run").exists()
